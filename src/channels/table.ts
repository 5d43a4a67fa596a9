import * as v from "valibot";
import type { Fault } from "../model/errors.ts";
import type { Json } from "../model/template.ts";
import type { Channel, DispatchedChannel } from "./channel.ts";
import { IN_APP } from "./in-app/channel.ts";
import { PUSH } from "./push/channel.ts";
import { WEBHOOK } from "./webhook/channel.ts";

/** Every type of channels. A new one is a folder and a row here. */
const CHANNELS: readonly Channel[] = [IN_APP, PUSH, WEBHOOK];

export const CHANNEL_TYPES = CHANNELS.map(({ type }) => type);

/** The channels that call a provider. */
export const DISPATCHED = CHANNELS.filter((channel) => channel.settles === "outbox");

/** The accounts that a channel is given in a body: null removes one, an absent one stays as it is. */
export const AccountsSchema = v.strictObject(
  Object.fromEntries(listAccountProviders().map(({ name, schema }) => [name, v.nullish(schema)])),
  `must be an object with ${listWords(listAccountProviders().map(({ name }) => name))}, each optional`,
);

/** What an answer about a channel, and about a test of one, may have beside what all have. */
export const ACCOUNT_ANSWER: v.ObjectEntries = Object.assign(
  {},
  ...DISPATCHED.map(({ account }) => account.answer),
);
export const TEST_ANSWER: v.ObjectEntries = Object.assign({}, ...DISPATCHED.map(({ test }) => test.answer));

/** Null for a type that this version doesn't know. */
export function findChannel(type: string): Channel | null {
  return CHANNELS.find((channel) => channel.type === type) ?? null;
}

/** For a type that rows of the outbox have. Throws where it isn't one of those that settle there. */
export function requireDispatched(type: string): DispatchedChannel {
  const channel = findDispatched(type);
  if (channel === null) throw new Error(`Nothing is sent out by channels of the type "${type}"`);
  return channel;
}

/** What is wrong with a template's content for a type of channels; `path`: where it stands. */
export function findContentFaults(type: string, content: Json, path: string): Fault[] {
  return findChannel(type)?.findContentFaults(content, path) ?? [];
}

export function findDispatched(type: string): DispatchedChannel | null {
  return DISPATCHED.find((channel) => channel.type === type) ?? null;
}

function listAccountProviders() {
  return DISPATCHED.flatMap(({ account }) => account.providers);
}

function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
