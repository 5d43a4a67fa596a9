import Papa from "papaparse";
import { CHANNELS, userId } from "../../scripts/demo/audience.ts";
import type { ChaosApp } from "./app.ts";
import { API, type ChaosClient } from "./client.ts";
import type { Counts } from "./counts.ts";
import { HOOKS } from "./hooks.ts";
import type { Sent } from "./sent.ts";
import { createRandom } from "./worker/random.ts";

const FEEDS_AT_ONCE = 10;
const SAMPLED_FEEDS = 200;

export interface DeliveryVerdict {
  lost: number;
  duplicated: number;
  feeds: number;
  violations: string[];
}

interface Audit {
  isEqual: boolean;
  ledger: Record<string, Counts>;
  shards: Record<string, Counts>;
}

/** What became of every target: by the audit, by the whole delivery log, and in a sample of the feeds themselves. */
export async function judgeDeliveries(
  client: ChaosClient,
  appId: string,
  sent: readonly Sent[],
  { devices, hooks }: Pick<ChaosApp, "devices" | "hooks">,
  seed: number,
): Promise<DeliveryVerdict> {
  const verdict: DeliveryVerdict = { lost: 0, duplicated: 0, feeds: 0, violations: [] };
  for (const one of sent) {
    const before = verdict.violations.length;
    await judgeAudit(client, appId, one, { devices, hooks }, verdict);
    await judgeLog(client, one, { devices, hooks }, verdict);
    if (verdict.violations.length > before)
      verdict.violations.push(`(${one.id} is ${JSON.stringify(one.send)})`);
  }
  await judgeFeeds(client, sent, seed, verdict);
  return verdict;
}

/** Equal counts, and those that must be. */
async function judgeAudit(
  client: ChaosClient,
  appId: string,
  sent: Sent,
  { devices, hooks }: Pick<ChaosApp, "devices" | "hooks">,
  { violations }: DeliveryVerdict,
): Promise<void> {
  const { id, users, incomplete } = sent;
  const path = `/admin/apps/${appId}/audit/${id}`;
  const audit = await client.call<Audit>({ method: "GET", path, headers: client.admin });
  if (!audit.isEqual) violations.push(`${id}: ledger and shards differ: ${JSON.stringify(audit)}`);
  const reachable = [...devices.keys()].filter((user) => users.has(user) && !incomplete.has(user)).length;
  const complete = users.size - incomplete.size;
  const expected = [
    ["in-app", complete, "none"],
    ["push", reachable, "no_device"],
    [HOOKS.key, hooks.listReached(sent).length, "no_address"],
  ] as const;
  for (const [channel, delivered, reason] of expected) {
    const counts = audit.shards[channel];
    const isRight =
      counts?.delivered === delivered &&
      (counts.failed.missing_variables ?? 0) === incomplete.size &&
      (counts.skipped[reason] ?? 0) === complete - delivered;
    if (!isRight)
      violations.push(`${id}: ${channel} must have ${delivered} delivered: ${JSON.stringify(counts)}`);
  }
}

/** One row per target and channel, no target without, none too many. */
async function judgeLog(
  client: ChaosClient,
  { id, users, incomplete }: Sent,
  { devices, hooks }: Pick<ChaosApp, "devices" | "hooks">,
  verdict: DeliveryVerdict,
): Promise<void> {
  const csv = await client.text({ method: "GET", path: `${API}/notifications/${id}/deliveries.csv` });
  const { data } = Papa.parse<Record<string, string>>(csv.trimEnd(), { header: true });
  const seen = new Map<string, string>();
  for (const { user_id: user = "", channel = "", status = "" } of data) {
    if (seen.has(`${channel} ${user}`)) verdict.violations.push(`${id}: ${user} has two rows in ${channel}`);
    seen.set(`${channel} ${user}`, status);
  }
  let wrong = 0;
  for (const user of users) {
    const inApp = incomplete.has(user) ? "failed" : "delivered";
    const push = incomplete.has(user) ? "failed" : devices.has(user) ? "delivered" : "skipped";
    if (seen.get(`in-app ${user}`) !== inApp) verdict.lost++;
    const hook = incomplete.has(user) ? "failed" : hooks.users.has(user) ? "delivered" : "skipped";
    const isRight = seen.get(`push ${user}`) === push && seen.get(`${HOOKS.key} ${user}`) === hook;
    if (seen.get(`in-app ${user}`) !== inApp || !isRight) wrong++;
  }
  if (wrong > 0) verdict.violations.push(`${id}: the log is wrong for ${wrong} of ${users.size} targets`);
  if (seen.size !== users.size * (CHANNELS.length + 1)) {
    verdict.violations.push(`${id}: the log has ${seen.size} rows for ${users.size} targets`);
  }
}

/** A sample of the users, who read their feeds to the end as their own clients do. */
async function judgeFeeds(
  client: ChaosClient,
  sent: readonly Sent[],
  seed: number,
  verdict: DeliveryVerdict,
): Promise<void> {
  const all = new Set(sent.flatMap(({ users }) => [...users]));
  // Whom realtime sends went to are few, and each is looked at.
  const few = sent.filter(({ users }) => users.size <= 10).flatMap(({ users }) => [...users]);
  const many = createRandom(seed, "feeds").shuffle(Array.from({ length: all.size }, (_, index) => index + 1));
  const sample = [...new Set([...few, ...many.slice(0, SAMPLED_FEEDS).map(userId)])];
  const readNext = async (): Promise<void> => {
    for (let user = sample.pop(); user !== undefined; user = sample.pop()) {
      await judgeFeed(client, user, sent, verdict);
    }
  };
  await Promise.all(Array.from({ length: FEEDS_AT_ONCE }, readNext));
}

async function judgeFeed(
  client: ChaosClient,
  user: string,
  sent: readonly Sent[],
  verdict: DeliveryVerdict,
): Promise<void> {
  const token = {
    method: "POST" as const,
    path: `/v3/business-messaging/api/users/${user}/auth_tokens`,
    body: {},
  };
  const { authToken } = await client.call<{ authToken: string }>(token);
  const headers = { authorization: `Bearer ${authToken}` };
  const items = new Map<string, number>();
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const path = `${API}/feed?limit=100${query}`;
    type Page = { data: { notificationId: string }[]; nextCursor: string | null };
    const page: Page = await client.call<Page>({ method: "GET", path, headers });
    for (const { notificationId } of page.data)
      items.set(notificationId, (items.get(notificationId) ?? 0) + 1);
    cursor = page.nextCursor;
  }
  verdict.feeds++;
  for (const { id, users, incomplete } of sent) {
    const found = items.get(id) ?? 0;
    const expected = users.has(user) && !incomplete.has(user) ? 1 : 0;
    if (found > expected) verdict.duplicated += found - expected;
    if (found !== expected) verdict.violations.push(`${user} has ${found} items of ${id}, not ${expected}`);
    items.delete(id);
  }
  for (const id of items.keys()) verdict.violations.push(`${user} has an item of ${id}, which nobody sent`);
  verdict.duplicated += items.size;
}
