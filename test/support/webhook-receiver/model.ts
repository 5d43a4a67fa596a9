import * as v from "valibot";

/** What tests set up and read over HTTP. No `node:` import here: tests inside workerd load this file too. */

const ruleSchema = v.strictObject({
  /** Only webhooks of this type. */
  type: v.optional(v.string()),
  /** The rule ends after it was applied so often. */
  times: v.optional(v.number()),
  status: v.optional(v.number(), 200),
  body: v.optional(v.string(), "ok"),
  headers: v.optional(v.record(v.string(), v.string()), {}),
  delayMs: v.optional(v.number(), 0),
  /** Destroy the socket without an answer. */
  drop: v.optional(v.boolean(), false),
});
export type Rule = v.InferInput<typeof ruleSchema>;
export type ParsedRule = v.InferOutput<typeof ruleSchema>;

/** A change of an inbox; what is absent stays. */
export const inboxChangeSchema = v.strictObject({
  /** Every call must verify with one of them, else it is answered 401. */
  secrets: v.optional(v.array(v.string())),
  /** The first that matches says what is answered; without one it is 200. */
  rules: v.optional(v.array(ruleSchema)),
  /** How far the receiver's clock is ahead: for tests that set theirs. */
  clockOffsetMs: v.optional(v.number()),
});
export type InboxChange = v.InferInput<typeof inboxChangeSchema>;

const callSchema = v.object({
  /** Unix ms, by the real clock. */
  at: v.number(),
  id: v.string(),
  /** Of the header, Unix seconds. */
  timestamp: v.number(),
  headers: v.record(v.string(), v.string()),
  type: v.string(),
  body: v.any(),
  /** Places in `secrets` of those that the call verifies with. */
  verifiedBy: v.array(v.number()),
  /** Null where the socket was destroyed. */
  answered: v.nullable(v.number()),
});
export type Call = v.InferOutput<typeof callSchema>;

export const inboxSchema = v.object({ calls: v.array(callSchema), maxConcurrent: v.number() });
