import * as v from "valibot";
import type { ShownAccount } from "../../model/account.ts";
import type { UserAddress } from "../../model/address.ts";
import type { Fault } from "../../model/errors.ts";
import { MAX_DEVICES } from "../../model/limits.ts";
import { type Outcome, refuse, refuseFaults, succeed } from "../../model/outcome.ts";
import type { Json } from "../../model/template.ts";
import type { AccountForm, AddressForm, DispatchedChannel, TestForm } from "../channel.ts";
import { readPushMessage } from "./message.ts";
import { findProvider, PUSH_PROVIDERS, providerOf } from "./providers.ts";
import { sendPush } from "./send.ts";

/** All but the private key: other fields are the provider's own. */
const ShownAccountSchema = v.pipe(
  v.objectWithRest({ fingerprint: v.string() }, v.union([v.string(), v.array(v.string())])),
  v.title("ShownProvider"),
);

const ACCOUNT: AccountForm = {
  providers: PUSH_PROVIDERS.map(({ account }) => account),
  secretName: "privateKey",
  makeSecret: null,
  answer: {
    providers: v.optional(
      v.strictObject(
        Object.fromEntries(PUSH_PROVIDERS.map(({ name }) => [name, v.nullable(ShownAccountSchema)])),
      ),
    ),
  },
  present: (accounts) => ({
    providers: Object.fromEntries(PUSH_PROVIDERS.map(({ name }) => [name, accounts.get(name) ?? null])),
  }),
  listAllowedHosts: (accounts) =>
    [...accounts.values()].flatMap(({ allowedHosts }) => (Array.isArray(allowedHosts) ? allowedHosts : [])),
  openCredentials: (store, config) => {
    const sources = new Map(
      PUSH_PROVIDERS.map(({ name, openCredentials }) => [name, openCredentials(store, config)]),
    );
    return {
      get: async (channelId, provider, refused, now) =>
        (await sources.get(provider)?.(channelId, refused, now)) ?? { found: "none" },
    };
  },
  merge: (_, change) => change,
};

const ADDRESS: AddressForm = {
  providers: PUSH_PROVIDERS.map(({ address }) => address),
  maxOfUser: MAX_DEVICES,
  isExclusive: true,
  skipReason: "no_device",
  identityOf: (address) => providerOf(address).identityOf(address),
  scopeOf: (address) => providerOf(address).scopeOf(address),
  isOfUsersChoice: (address) => providerOf(address).isOfUsersChoice(address),
  present: (address) => providerOf(address).present(address),
};

const TEST: TestForm = {
  choose: chooseDevice,
  answer: { deviceId: v.optional(v.string()), provider: v.optional(v.string()) },
  present: ({ id, address: { provider } }) => ({ deviceId: id, provider }),
};

/** Notifications of a phone or a browser, by the service that its system asks for. */
export const PUSH: DispatchedChannel = {
  type: "push",
  platformType: "push",
  settles: "outbox",
  findContentFaults,
  account: ACCOUNT,
  address: ADDRESS,
  open({ notification, content }, now) {
    const message = readPushMessage(notification, content, now);
    return (sender, recipient, times) => sendPush(sender, recipient, message, times);
  },
  test: TEST,
};

function findContentFaults(content: Json, path: string): Fault[] {
  const fields = typeof content === "object" && content !== null && !Array.isArray(content) ? content : {};
  return ["title", "body"].flatMap((name) => {
    if (typeof fields[name] === "string" && fields[name] !== "") return [];
    const message = "must be a string that isn't empty: push content needs title and body";
    return [{ field: `${path}.${name}`, message }];
  });
}

function chooseDevice(
  devices: readonly UserAddress[],
  id: string | null,
  accounts: ReadonlyMap<string, ShownAccount>,
): Outcome<UserAddress> {
  const chosen = id ? devices.find((device) => device.id === id) : devices[0];
  if (chosen === undefined) return refuse("ERR_NOT_FOUND", "This user has no such device.");
  const { provider } = chosen.address;
  if (findProvider(provider) !== null && accounts.has(provider)) return succeed(chosen);
  const message = `is a device of ${provider}, which this channel has no configuration for`;
  return refuseFaults([{ field: "deviceId", message }]);
}
