import * as v from "valibot";
import { prepareAccounts } from "../../channels/accounts.ts";
import { forgetCredentials } from "../../channels/dispatch/credentials.ts";
import { AccountsSchema, CHANNEL_TYPES, findDispatched } from "../../channels/table.ts";
import { byApiKey } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody, parsedJson } from "../../http/route-input.ts";
import { checkInput, textSchema } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import type { AppChannel } from "../../model/channel.ts";
import { type Fault, faultsToError, OnecallError } from "../../model/errors.ts";
import { NO_CHANNEL } from "../../model/missing.ts";
import { requireFound } from "../../model/outcome.ts";
import { isReservedKey, SLUG_PATTERN, slugOf } from "../../model/slug.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { named, pageOf } from "../schemas.ts";
import { API } from "./paths.ts";
import { ROTATION } from "./rotation.ts";
import { AvailabilitySchema, ChannelSchema, ChannelWithSecretSchema } from "./settings-answers.ts";
import { CHANNEL_EXAMPLES } from "./settings-examples.ts";

const TYPE_MESSAGE = `must be ${CHANNEL_TYPES.map((type) => `"${type}"`).join(" or ")}`;
const BOOLEAN_MESSAGE = "must be true or false";
export const KEY_MESSAGE =
  "must have 1 to 128 lower-case letters, digits, - or _, with a letter or digit at both ends";

const ProvidersSchema = named("ChannelProviders", AccountsSchema);

const NewChannelSchema = v.object(
  {
    name: textSchema(128),
    type: v.picklist(CHANNEL_TYPES, TYPE_MESSAGE),
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

export const listChannels = defineRoute({
  id: "listChannels",
  method: "GET",
  path: `${API}/channels`,
  access: byApiKey("read"),
  summary: "All channels",
  answers: { 200: pageOf(ChannelSchema) },
  handle: async ({ app, env }) => {
    const channels = await getRegistryStub(env, app.id).listChannels();
    return json({ data: channels.map(presentChannel), nextCursor: null });
  },
});

export const getChannelAvailability = defineRoute({
  id: "getChannelAvailability",
  method: "GET",
  path: `${API}/channels/availability`,
  access: byApiKey("read"),
  summary: "Per type how many there may be (-1: no limit) and how many there are",
  answers: { 200: AvailabilitySchema },
  handle: async ({ app, env }) => {
    const channels = await getRegistryStub(env, app.id).listChannels();
    return json(
      CHANNEL_TYPES.map((type) => ({
        type,
        limit: -1,
        used: channels.filter((channel) => channel.type === type).length,
      })),
    );
  },
});

export const getChannel = defineRoute({
  id: "getChannel",
  method: "GET",
  path: `${API}/channels/:channel`,
  access: byApiKey("read"),
  summary: "A channel by its id or key",
  answers: { 200: ChannelSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const channel = requireFound(await getRegistryStub(env, app.id).getChannel(params.channel), NO_CHANNEL);
    return json(presentChannel(channel));
  },
});

export const postChannel = defineRoute({
  id: "createChannel",
  method: "POST",
  path: `${API}/channels`,
  access: byApiKey("manage"),
  summary:
    "Make a channel; providers of a push channel may come with it or later; a webhook channel's secret is shown once",
  body: parsedJson(NewChannelSchema),
  answers: { 201: ChannelWithSecretSchema },
  errors: ["ERR_CONFLICT", "ERR_QUOTA_EXCEEDED"],
  examples: CHANNEL_EXAMPLES,
  handle: async ({ app, actor, env, body }) => {
    const { name, type, key, enabled, providers } = body;
    const channelKey = requireKey(key, name);
    const { changes, faults } = await prepareAccounts(type, providers ?? {});
    if (faults.length > 0) throw faultsToError(faults);
    const made = (await findDispatched(type)?.account.makeSecret?.(0, Date.now())) ?? null;
    if (made !== null) changes.push(made.change);
    const channel = await changeApp(env, app.id, (registry) =>
      registry.createChannel({ key: channelKey, name, type, enabled }, changes, actor),
    );
    return json({ ...presentChannel(channel), ...(made === null ? {} : { secret: made.secret }) }, 201);
  },
});

export const putChannel = defineRoute({
  id: "updateChannel",
  method: "PUT",
  path: `${API}/channels/:channel`,
  access: byApiKey("manage"),
  summary: "Change name, enabled and providers (each by itself); key and type never change",
  body: ownBody(ChannelChangeSchema),
  answers: { 200: ChannelSchema },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async ({ app, actor, env, request, params }) => {
    const idOrKey = params.channel;
    const body = await readJson(request);
    const { value, faults } = checkInput(ChannelChangeSchema, body, { readBack: ChannelSchema });
    const current = requireFound(await getRegistryStub(env, app.id).getChannel(idOrKey), NO_CHANNEL);
    // From the body itself: they belong in the answer also where the schema found other faults.
    for (const fault of findFrozenFaults(typeof body === "object" && body !== null ? body : {}, current))
      faults.push(fault);
    const prepared = await prepareAccounts(current.type, value?.providers ?? {});
    for (const fault of prepared.faults) faults.push(fault);
    if (faults.length > 0 || value === null) throw faultsToError(faults);
    const { name, enabled } = value;
    const channel = await changeApp(env, app.id, (registry) =>
      registry.updateChannel(idOrKey, { name, enabled, providers: prepared.changes }, actor),
    );
    forgetCredentials(app.id, channel.key);
    return json(presentChannel(channel));
  },
});

export const postChannelSecret = defineRoute({
  ...ROTATION,
  id: "rotateChannelSecret",
  path: `${API}/channels/:channel/rotate-secret`,
  summary: "A webhook channel's new secret, which this answer alone shows; the old one signs for a while",
  answers: { 200: ChannelWithSecretSchema },
  handle: async ({ app, actor, env, params, body }) => {
    const current = requireFound(await getRegistryStub(env, app.id).getChannel(params.channel), NO_CHANNEL);
    const makeSecret = findDispatched(current.type)?.account.makeSecret ?? null;
    if (makeSecret === null) {
      const message = `The channel "${current.key}" has no secret: channels of the type "${current.type}" sign nothing.`;
      throw new OnecallError("ERR_BAD_REQUEST", message);
    }
    const { secret, change } = await makeSecret(body.graceMs, Date.now());
    const channel = await changeApp(env, app.id, (registry) =>
      registry.updateChannel(current.key, { providers: [change] }, actor),
    );
    forgetCredentials(app.id, channel.key);
    return json({ ...presentChannel(channel), secret });
  },
});

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

function findFrozenFaults(change: { key?: unknown; type?: unknown }, current: AppChannel): Fault[] {
  return (["key", "type"] as const)
    .filter((name) => change[name] !== undefined && change[name] !== current[name])
    .map((name) => ({ field: name, message: `never changes; it is "${current[name]}"` }));
}

function presentChannel(channel: AppChannel): object {
  const { id, key, name, type, enabled, createdAt, updatedAt } = channel;
  const times = { createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) };
  const account = findDispatched(type)?.account.present(channel.providers) ?? {};
  return { id, key, name, type, enabled, ...account, ...times };
}
