import * as v from "valibot";
import type { DispatchedChannel } from "../channels/channel.ts";
import { PUSH } from "../channels/push/channel.ts";
import type { Context } from "../http/context.ts";
import { isoTime } from "../http/responses.ts";
import { checkForm, checkInput } from "../http/validation.ts";
import type { Address, UserAddress } from "../model/address.ts";
import { Faults, faultsToError } from "../model/errors.ts";
import { choiceSchema } from "../text/schemas.ts";

/** The channel whose addresses the API calls devices. */
export const DEVICES = PUSH;

const BODY_MESSAGE = "must be a JSON object";
const DEVICE_PROVIDERS = DEVICES.address.providers.map(({ name }) => name);
const ProviderSchema = v.object({ provider: choiceSchema(DEVICE_PROVIDERS) }, BODY_MESSAGE);

/** A device in a body; throws with every fault. */
export async function parseDevice(body: unknown, appId: string, context: Context): Promise<Address> {
  const { value: kind, faults } = checkForm(ProviderSchema, body);
  if (kind === null) throw faultsToError(faults);
  return parseAddress(DEVICES, kind.provider, body, appId, context);
}

/** An address in a body, of one of a channel's providers; throws with every fault. */
export async function parseAddress(
  { address: { providers } }: DispatchedChannel,
  providerName: string,
  body: unknown,
  appId: string,
  { env, url }: Context,
): Promise<Address> {
  const provider = providers.find(({ name }) => name === providerName);
  if (provider === undefined) throw new Error(`No provider has the name "${providerName}"`);
  const { value: address, faults } = checkInput(provider.schema, body);
  const found = new Faults(await provider.findFaults(body, address, { env, appId, origin: url.origin }));
  found.add(faults);
  if (found.length > 0 || address === null) throw faultsToError(found);
  return address;
}

/** A device as every API shows it. */
export function presentDevice({ id, address, createdAt, updatedAt }: UserAddress): object {
  const times = { createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  return { id, ...DEVICES.address.present(address), ...times };
}
