import type { FaultRule } from "../support/providers/client.ts";
import { createRandom, type Random } from "./worker/random.ts";

/** What a run will suffer, and when: all of it follows from the seed and the form. */
export interface Plan {
  seed: number;
  form: Form;
  /** From one start of the Worker to its kill; the last one isn't killed. */
  lives: Life[];
}

export interface Form {
  /** Of the uploaded file. */
  fileTargets: number;
  /** Of the batch in a request, which takes 10,000. */
  inlineTargets: number;
  /** The audience's first users have a device each, every tenth of them two. */
  deviceUsers: number;
  kills: number;
  /** A life ends at a random moment in these, ms after its start. */
  lifeMs: { least: number; most: number };
}

/** Times are ms since the Worker is ready. */
export interface Life {
  events: (Event & { atMs: number })[];
  /** Null: not killed. */
  killMs: number | null;
}

export type Event =
  | { kind: "send"; send: PlannedSend }
  | { kind: "evict"; object: EvictedObject }
  /** The providers' faults are these from now on. */
  | { kind: "providers"; rules: FaultRule[] };

export type PlannedSend =
  | { kind: "inline"; priority: "high" | "normal" | "low" }
  | { kind: "file"; priority: "high" | "normal" | "low" }
  /** Users by their numbers, from 1. */
  | { kind: "realtime"; user: number }
  | { kind: "campaign"; users: number[] };

export type EvictedObject =
  | { object: "registry" | "ledger" | "webhook endpoint" }
  | { object: "shard"; shard: number };

const SHARDS = 64;
const PRIORITIES = ["high", "normal", "low"] as const;
const REALTIME_SENDS = 8;
const CAMPAIGN_SENDS = 4;
const CAMPAIGN_RECEIVERS = 5;
const EVICTIONS_PER_LIFE = 4;
/** After a start. */
const BATCH_WITHIN_MS = 200;
/** Providers on a good day: so slow that a kill finds pushes in flight. */
export const NORMAL_RULES: FaultRule[] = [{ delayMs: 30 }];

export const SHORT_FORM: Form = {
  fileTargets: 5000,
  inlineTargets: 5000,
  deviceUsers: 200,
  kills: 3,
  lifeMs: { least: 500, most: 2500 },
};

/** @param targets of the file. */
export function longForm(targets: number): Form {
  return {
    fileTargets: targets,
    inlineTargets: Math.min(targets, 10_000),
    deviceUsers: Math.min(2000, Math.floor(targets / 10)),
    kills: 6,
    lifeMs: { least: 600, most: 8000 },
  };
}

export function makePlan(seed: number, form: Form): Plan {
  const random = createRandom(seed, "plan");
  const lives = Array.from({ length: form.kills + 1 }, (_, index): Life => {
    const killMs = index < form.kills ? random.between(form.lifeMs.least, form.lifeMs.most) : null;
    return { killMs, events: planFaults(random, killMs ?? form.lifeMs.most) };
  });
  for (const send of planSends(random, form)) {
    // Batches begin while there are kills to come.
    const lastLife = { inline: 0, file: form.kills - 2, realtime: form.kills, campaign: form.kills }[
      send.kind
    ];
    const life = lives[random.between(0, Math.max(0, lastLife))];
    const isBatch = send.kind === "inline" || send.kind === "file";
    const atMs = random.between(0, isBatch ? BATCH_WITHIN_MS : (life?.killMs ?? form.lifeMs.most));
    life?.events.push({ kind: "send", send, atMs });
  }
  for (const { events } of lives) events.sort((a, b) => a.atMs - b.atMs);
  return { seed, form, lives };
}

function planFaults(random: Random, lengthMs: number): Life["events"] {
  const evictions = Array.from({ length: EVICTIONS_PER_LIFE }, (): Event => {
    const object = random.pick([
      "shard",
      "shard",
      "shard",
      "ledger",
      "ledger",
      "registry",
      "webhook endpoint",
    ] as const);
    return {
      kind: "evict",
      object: object === "shard" ? { object, shard: random.between(0, SHARDS - 1) } : { object },
    };
  });
  const outage: Event = { kind: "providers", rules: [planRule(random), planRule(random), ...NORMAL_RULES] };
  const events = [...evictions, outage].map((event) => ({ ...event, atMs: random.between(0, lengthMs) }));
  const recovery: Event = { kind: "providers", rules: NORMAL_RULES };
  // The last life's outage ends too: what heals needs somebody to heal with.
  return [...events, { ...recovery, atMs: lengthMs }];
}

/** One provider, or all of them, or the token service, fails for a share of the calls. */
function planRule(random: Random): FaultRule {
  const service = random.pick(["fcm", "apns", "webpush", "oauth", undefined] as const);
  const share = random.pick([0.1, 0.3, 0.6, 1]);
  const rule = { ...(service !== undefined && { provider: service }), share };
  const kind = random.pick(["status", "busy", "drop", "slow", "lost answer"]);
  if (kind === "busy") return { ...rule, status: 429, retryAfter: "1" };
  if (kind === "drop") return { ...rule, drop: true };
  if (kind === "slow") return { ...rule, delayMs: random.between(50, 500) };
  // The push has arrived, and the sender can't know.
  if (kind === "lost answer") return { ...rule, drop: true, accept: true };
  return { ...rule, status: random.pick([500, 502, 503]) };
}

function planSends(random: Random, form: Form): PlannedSend[] {
  const user = (): number => random.between(1, form.inlineTargets);
  return [
    { kind: "inline", priority: random.pick(PRIORITIES) },
    { kind: "file", priority: random.pick(PRIORITIES) },
    ...Array.from({ length: REALTIME_SENDS }, (): PlannedSend => ({ kind: "realtime", user: user() })),
    ...Array.from({ length: CAMPAIGN_SENDS }, (): PlannedSend => {
      const users = new Set<number>();
      while (users.size < CAMPAIGN_RECEIVERS) users.add(user());
      return { kind: "campaign", users: [...users] };
    }),
  ];
}

export function describeEvent(event: Event): string {
  if (event.kind === "send") return `send ${JSON.stringify(event.send)}`;
  if (event.kind === "evict") return `evict ${Object.values(event.object).join(" ")}`;
  return event.rules === NORMAL_RULES
    ? "providers answer again"
    : `providers: ${JSON.stringify(event.rules)}`;
}
