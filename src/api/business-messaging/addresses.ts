import * as v from "valibot";
import { WEBHOOK } from "../../channels/webhook/channel.ts";
import type { Bindings } from "../../env.ts";
import { byApiKey } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { registerAddress } from "../../managing/addresses.ts";
import type { UserAddress } from "../../model/address.ts";
import type { AppRecord } from "../../model/app.ts";
import { OnecallError } from "../../model/errors.ts";
import { requireValue } from "../../model/outcome.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { parseAddress } from "../addresses.ts";
import { requireReachableUser, requireUserParam } from "../named-users.ts";
import { named, TimeSchema } from "../schemas.ts";
import { USERS_PATH } from "../users/paths.ts";
import { API } from "./paths.ts";

/** The URL at which a user is reached by an app's webhook channels. */

const { type: CHANNEL_TYPE } = WEBHOOK;
const [PROVIDER] = WEBHOOK.address.providers;
const NAME = PROVIDER?.name ?? CHANNEL_TYPE;

const AddressSchema = named(
  "WebhookAddress",
  v.strictObject({ url: v.string(), createdAt: TimeSchema, updatedAt: TimeSchema }),
);

export const putWebhookAddress = defineRoute({
  id: "putWebhookAddress",
  method: "PUT",
  path: `${API}/users/:uid/addresses/webhook`,
  also: [`${USERS_PATH}/:uid/addresses/webhook`],
  access: byApiKey("manage"),
  summary: "Give a user a webhook address, in place of the one before: 201 for the first, 200 for another",
  body: ownBody(v.object({ url: v.string() })),
  answers: { 200: AddressSchema, 201: AddressSchema },
  errors: ["ERR_CONFLICT", "ERR_QUOTA_EXCEEDED"],
  handle: async (call) => {
    const { app, env, request, params } = call;
    const address = await parseAddress(WEBHOOK, NAME, await readJson(request), app.id, call);
    const { uid } = await requireReachableUser(params.uid, env, app);
    const whose = { userId: uid, channelType: CHANNEL_TYPE };
    const [entry, isNew] = await registerAddress(env, app, whose, address, null);
    return json(presentAddress(entry), isNew ? 201 : 200);
  },
});

export const getWebhookAddress = defineRoute({
  id: "getWebhookAddress",
  method: "GET",
  path: `${API}/users/:uid/addresses/webhook`,
  also: [`${USERS_PATH}/:uid/addresses/webhook`],
  access: byApiKey("read"),
  summary: "A user's webhook address",
  answers: { 200: AddressSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const { uid } = requireUserParam(params.uid, app);
    return json(presentAddress(await requireAddress(env, app, uid)));
  },
});

export const deleteWebhookAddress = defineRoute({
  id: "deleteWebhookAddress",
  method: "DELETE",
  path: `${API}/users/:uid/addresses/webhook`,
  also: [`${USERS_PATH}/:uid/addresses/webhook`],
  access: byApiKey("manage"),
  summary: "Take a user's webhook address away",
  answers: { 200: v.strictObject({ url: v.string(), deleted: v.literal(true) }) },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const { uid } = requireUserParam(params.uid, app);
    const { id, address } = await requireAddress(env, app, uid);
    requireValue(await getShardStubOf(env, app, uid).deleteAddress(uid, CHANNEL_TYPE, id, null));
    return json({ ...WEBHOOK.address.present(address), deleted: true });
  },
});

async function requireAddress(env: Bindings, app: AppRecord, uid: string): Promise<UserAddress> {
  const [entry] = requireValue(await getShardStubOf(env, app, uid).listAddresses(uid, CHANNEL_TYPE, null));
  if (entry === undefined) throw new OnecallError("ERR_NOT_FOUND", "This user has no webhook address.");
  return entry;
}

function presentAddress({ address, createdAt, updatedAt }: UserAddress): object {
  const times = { createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  return { ...WEBHOOK.address.present(address), ...times };
}
