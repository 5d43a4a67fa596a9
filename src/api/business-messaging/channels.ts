import * as v from "valibot";
import { forgetPushCredentials } from "../../channels/push/credentials.ts";
import { authenticate } from "../../http/auth.ts";
import { readJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { isoTime, json } from "../../http/responses.ts";
import { checkInput, parseInput, textSchema } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import type { Channel } from "../../model/channel.ts";
import { type Fault, faultsToError, OnecallError } from "../../model/errors.ts";
import { CHANNEL_TYPES } from "../../model/notification.ts";
import { PROVIDERS } from "../../model/push.ts";
import { isReservedKey, SLUG_PATTERN, slugOf } from "../../model/slug.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { ProvidersSchema, prepareProviders } from "./provider-schema.ts";

const BOOLEAN_MESSAGE = "must be true or false";
export const KEY_MESSAGE =
  "must have 1 to 128 lower-case letters, digits, - or _, with a letter or digit at both ends";

const NewChannelSchema = v.object(
  {
    name: textSchema(128),
    type: v.picklist(CHANNEL_TYPES, 'must be "in_app" or "push"'),
    key: v.nullish(v.pipe(v.string(KEY_MESSAGE), v.regex(SLUG_PATTERN, KEY_MESSAGE))),
    enabled: v.optional(v.boolean(BOOLEAN_MESSAGE), true),
    providers: v.nullish(ProvidersSchema),
  },
  "must be a JSON object",
);

const ChannelChangeSchema = v.object(
  {
    name: v.optional(textSchema(128)),
    enabled: v.optional(v.boolean(BOOLEAN_MESSAGE)),
    key: v.optional(v.unknown()),
    type: v.optional(v.unknown()),
    providers: v.nullish(ProvidersSchema),
  },
  "must be a JSON object",
);

/** `GET {api}/channels` */
export const listChannels: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const channels = await getRegistryStub(context.env, app.id).listChannels();
  return json({ data: channels.map(presentChannel), nextCursor: null });
};

/** `GET {api}/channels/availability`: per type how many there may be (-1: no limit) and how many there are. */
export const getChannelAvailability: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const channels = await getRegistryStub(context.env, app.id).listChannels();
  return json(
    CHANNEL_TYPES.map((type) => ({
      type,
      limit: -1,
      used: channels.filter((channel) => channel.type === type).length,
    })),
  );
};

/** `GET {api}/channels/{idOrKey}` */
export const getChannel: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const channel = await getRegistryStub(context.env, app.id).getChannel(pathParam(request, "channel"));
  if (channel === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such channel.");
  return json(presentChannel(channel));
};

/** `POST {api}/channels`: `providers` of a push channel may come with it or later. */
export const postChannel: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const { name, type, key, enabled, providers } = parseInput(NewChannelSchema, await readJson(request));
  const channelKey = requireKey(key, name);
  const { changes, faults } = await prepareProviders(type, providers ?? {});
  if (faults.length > 0) throw faultsToError(faults);
  const channel = await changeApp(context.env, app.id, (registry) =>
    registry.createChannel({ key: channelKey, name, type, enabled }, changes, actor),
  );
  return json(presentChannel(channel), 201);
};

/** `PUT {api}/channels/{idOrKey}`: name, enabled, providers (each by itself); key and type never change. */
export const putChannel: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const idOrKey = pathParam(request, "channel");
  const body = await readJson(request);
  const { value, faults } = checkInput(ChannelChangeSchema, body);
  const current = await getRegistryStub(context.env, app.id).getChannel(idOrKey);
  if (current === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such channel.");
  // From the body itself: they belong in the answer also where the schema found other faults.
  for (const fault of findFrozenFaults(typeof body === "object" && body !== null ? body : {}, current))
    faults.push(fault);
  const prepared = await prepareProviders(current.type, value?.providers ?? {});
  for (const fault of prepared.faults) faults.push(fault);
  if (faults.length > 0 || value === null) throw faultsToError(faults);
  const { name, enabled } = value;
  const channel = await changeApp(context.env, app.id, (registry) =>
    registry.updateChannel(idOrKey, { name, enabled, providers: prepared.changes }, actor),
  );
  forgetPushCredentials(app.id, channel.key);
  return json(presentChannel(channel));
};

/** The given key, or the slug of the name. */
export function requireKey(key: string | null | undefined, name: string): string {
  const result = key ?? slugOf(name);
  if (isReservedKey(result)) {
    throw faultsToError([{ field: "key", message: `"${result}" is reserved; give another key` }]);
  }
  if (SLUG_PATTERN.test(result)) return result;
  throw faultsToError([
    { field: "key", message: `can't be made from this name; give one: it ${KEY_MESSAGE}` },
  ]);
}

function findFrozenFaults(change: { key?: unknown; type?: unknown }, current: Channel): Fault[] {
  return (["key", "type"] as const)
    .filter((name) => change[name] !== undefined && change[name] !== current[name])
    .map((name) => ({ field: name, message: `never changes; it is "${current[name]}"` }));
}

function presentChannel(channel: Channel): object {
  const { id, key, name, type, enabled, createdAt, updatedAt } = channel;
  const times = { createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  if (type !== "push") return { id, key, name, type, enabled, ...times };
  const providers = Object.fromEntries(PROVIDERS.map((name) => [name, channel.providers.get(name) ?? null]));
  return { id, key, name, type, enabled, providers, ...times };
}
