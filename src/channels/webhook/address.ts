import * as v from "valibot";
import { readConfig } from "../../env.ts";
import type { Address } from "../../model/address.ts";
import { MAX_WEBHOOK_ADDRESSES } from "../../model/limits.ts";
import { findUrlFault } from "../../outbound/public-url.ts";
import type { AddressForm, AddressPlace } from "../channel.ts";
import { PROVIDER } from "./account.ts";

const GivenAddressSchema = v.pipe(
  v.object({ url: v.string("must be an https URL") }, "must be a JSON object"),
  v.transform(({ url }) => ({ provider: PROVIDER, url: URL.parse(url)?.href ?? url })),
);
const AddressSchema = v.object({ url: v.string() });

/** Where a user's deliveries are posted. */
export function urlOf(address: Address): string {
  return v.parse(AddressSchema, address).url;
}

/** A URL that the app gives a user. Many users may have the same one. */
export const ADDRESS: AddressForm = {
  providers: [
    {
      name: PROVIDER,
      schema: GivenAddressSchema,
      bodyFields: { url: v.string() },
      answer: { url: v.string() },
      findFaults: async (given, _, place) => findGivenFaults(given, place),
    },
  ],
  maxOfUser: MAX_WEBHOOK_ADDRESSES,
  isExclusive: false,
  skipReason: "no_address",
  // Of each user the one: a delivery that waits for another attempt goes to where its user is by then.
  identityOf: () => PROVIDER,
  scopeOf: (address) => new URL(urlOf(address)).origin,
  isOfUsersChoice: () => true,
  present: (address) => ({ url: urlOf(address) }),
};

// From the body itself: the URL's fault belongs in the answer also where the schema found others.
function findGivenFaults(given: unknown, { env, origin }: AddressPlace) {
  const url = typeof given === "object" && given !== null && "url" in given ? given.url : null;
  if (typeof url !== "string") return [];
  const { allowLoopback } = readConfig(env).push;
  const message = findUrlFault(url, { ownOrigins: [origin], allowLoopback });
  return message === null ? [] : [{ field: "url", message }];
}
