import { bold, green, red } from "../../scripts/terminal.ts";
import type { Cost } from "../bench/days-entry.ts";
import { formatNumber } from "../bench/figures.ts";
import { bundleOnecall, startOnecallWithDays } from "../bench/workers.ts";

/** An app that sends so many a second, and of whose rows the tables get this part. */
const SENDS_PER_SECOND = 200;
const SHARDS = 64;
const SCALE = 100;
const DAY_SECONDS = 24 * 60 * 60;
const PER_DAY = Math.round((SENDS_PER_SECOND * DAY_SECONDS) / SHARDS / SCALE);
const USERS = 500;
/** Later may cost so many times what it cost on the first day. */
const MAX_GROWTH = 1.5;
/** Rows, and ms, that are no growth: one more row of one, or the machine's own unrest. */
const SLACK_ROWS = 3;
const SLACK_MS = 20;
const REPEATS = 5;
/** Pushes that wait for a provider, for each day. */
const WAITING_PER_DAY = 300;
const DUE_PUSHES = 100;
const NAME_WIDTH = 44;

type Ask = (object: string, name: string, method: string, input: object) => Promise<Cost>;

interface Measured {
  name: string;
  costs: Cost[];
}

/**
 * The tables of a user shard after a day and after `days`, of a ledger after its first hour and its last: what each
 * call and duty reads, writes and takes then. False where anything grew by more than half.
 */
export async function soakDays(days: number): Promise<boolean> {
  const worker = await startOnecallWithDays(await bundleOnecall());
  const ask: Ask = async (object, name, method, input) => {
    const body = JSON.stringify({ object, name, method, input });
    const response = await fetch(`${worker.url}/__days`, { method: "POST", body });
    if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Cost;
  };
  try {
    console.log(
      `${SENDS_PER_SECOND} sends a second are ${formatNumber(SENDS_PER_SECOND * DAY_SECONDS)} a day, in each of ${SHARDS} shards ${formatNumber((SENDS_PER_SECOND * DAY_SECONDS) / SHARDS)}; here a ${SCALE}th: ${formatNumber(PER_DAY)} a day and shard, as many claims, ${USERS} users.\n`,
    );
    const first = await measureShard(ask, 1);
    const last = await measureShard(ask, days);
    const isShardEven = print("user shard", ["after 1 day", `after ${days} days`], first, last);
    const [hour, day] = await measureLedger(ask);
    const isLedgerEven = print("ledger of a day", ["after 1 hour", "after 24 hours"], hour, day);
    return isShardEven && isLedgerEven;
  } finally {
    await worker.stop();
  }
}

async function measureShard(ask: Ask, days: number): Promise<Measured[]> {
  const name = `days-${days}:0`;
  const of = (method: string, input: object): Promise<Cost> => ask("USER_SHARD", name, method, input);
  const call = (method: string, ...args: unknown[]): Promise<Cost> => of("call", { method, args });
  await of("fill", { days, perDay: PER_DAY, users: USERS });
  await of("fillOutbox", { waiting: WAITING_PER_DAY * days, due: DUE_PUSHES });
  const caller = { userId: "user-1", issuedAt: Date.now() };
  const filter = { before: null, unread: false, tag: null, limit: 1 };
  const claim = (index: number) => ({
    key: `new-${index}`,
    requestHash: "hash",
    notificationId: `n-${index}`,
    header: "{}",
  });
  const repeat = async (what: string, work: (index: number) => Promise<Cost>): Promise<Measured> => {
    const costs: Cost[] = [];
    for (let index = 0; index < REPEATS; index++) costs.push(await work(index));
    return { name: what, costs };
  };
  return [
    await repeat("a realtime send", (index) => of("send", { index, userId: `user-${index}` })),
    await repeat("a new Idempotency-Key", (index) => call("claim", claim(index))),
    await repeat("its answer", (index) => call("finishClaim", `new-${index}`, `n-${index}`, "{}")),
    await repeat("a repeat with it", (index) => call("lookUpClaim", `new-${index}`, "hash")),
    await repeat("the newest item of a feed", () => call("listFeed", caller, filter)),
    await repeat("a user is created", (index) => call("createUser", `created-${index}`, {})),
    await repeat("a push message's claim", () =>
      call("leaseDispatches", {
        channelKey: "mobile-push",
        notificationId: "none",
        isSlow: false,
        blocked: [],
        leaseMs: 1000,
      }),
    ),
    { name: "duty: claims, a slot of six hours", costs: [await of("duty", { kind: "claims" })] },
    { name: "duty: retention, a day's rows", costs: [await of("duty", { kind: "retention" })] },
    { name: `duty: ${DUE_PUSHES} pushes are due`, costs: [await of("duty", { kind: "push" })] },
    { name: "duty: nothing to report", costs: [await of("duty", { kind: "flush" })] },
  ];
}

/** A day's ledger grows for a day; it gets what all shards report of the scaled sends. */
async function measureLedger(ask: Ask): Promise<[Measured[], Measured[]]> {
  const start = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  const name = `days:${new Date(start).toISOString().slice(0, 10)}`;
  const of = (method: string, input: object): Promise<Cost> => ask("LEDGER", name, method, input);
  const perHour = Math.round((SENDS_PER_SECOND * 3600) / SCALE);
  const look = async (from: number): Promise<Measured[]> => {
    const costs: Cost[] = [];
    for (let index = 0; index < REPEATS; index++) {
      costs.push(await of("reports", { from: from + index * 100, count: 100, start }));
    }
    const read = await of("call", { method: "readStatus", args: [] });
    return [
      { name: "a report of 100 sends", costs },
      { name: "its status", costs: [read] },
    ];
  };
  let from = 0;
  const fillTo = async (end: number): Promise<void> => {
    for (; from < end; from += 500) await of("reports", { from, count: 500, start });
  };
  await fillTo(perHour);
  const hour = await look(from);
  from += REPEATS * 100;
  await fillTo(perHour * 24);
  return [hour, await look(from)];
}

function print(
  title: string,
  columns: [string, string],
  first: readonly Measured[],
  last: readonly Measured[],
): boolean {
  console.log(bold(`${title.padEnd(NAME_WIDTH)}${columns.map((name) => name.padEnd(36)).join("")}`));
  let isEven = true;
  for (const [index, { name, costs }] of first.entries()) {
    const before = leastOf(costs);
    const after = leastOf(last[index]?.costs ?? []);
    const hasGrown =
      after.read > before.read * MAX_GROWTH + SLACK_ROWS ||
      after.written > before.written * MAX_GROWTH + SLACK_ROWS ||
      after.ms > before.ms * MAX_GROWTH + SLACK_MS;
    if (hasGrown) isEven = false;
    const shown = [before, after].map((cost) => showCost(cost).padEnd(36)).join("");
    console.log(`${name.padEnd(NAME_WIDTH)}${shown}${hasGrown ? red("✗ grew") : green("✓")}`);
  }
  console.log("");
  return isEven;
}

/** The best of several: what is above it is the machine's. */
function leastOf(costs: readonly Cost[]): Cost {
  const least = (values: number[]): number => Math.min(...values);
  return {
    read: least(costs.map(({ read }) => read)),
    written: least(costs.map(({ written }) => written)),
    ms: least(costs.map(({ ms }) => ms)),
  };
}

function showCost({ read, written, ms }: Cost): string {
  return `${formatNumber(read)} read ${formatNumber(written)} written ${ms.toFixed(1)} ms`;
}
