import { performance } from "node:perf_hooks";
import { timeSend } from "./batch.ts";
import { report, showMs } from "./figures.ts";
import { OnecallClient } from "./onecall-client.ts";
import { createCsv, sendFile, uploadFile } from "./targets-file.ts";
import { type BenchWorker, startOnecallWithSegments } from "./workers.ts";

/** The fewest that an app has. */
const SHARDS = 16;
/** Each of its shards gets about a chunk's rows of a file. */
const ROWS = SHARDS * 1_600;
const NEW_ITEMS = 50;
const UNSEEN_SEGMENTS = 1_000;
/** Users who look for the first time. */
const LOOKERS = 15;
const STRANGER = "stranger-";

/** What a look at a feed takes where something has arrived for its user, nothing has, or much for all others. */
export async function benchFeeds(script: string): Promise<void> {
  const worker = await startOnecallWithSegments(script);
  try {
    const client = await OnecallClient.create(worker.url, { shardCount: SHARDS });
    await uploadFile(client, "everybody", createCsv(ROWS));
    for (let sent = 0; sent < NEW_ITEMS; sent++) {
      await timeSend(client, ROWS, () => sendFile(client, "everybody"));
    }
    const [warm = "", ...users] = Array.from({ length: LOOKERS + 1 }, (_, index) => targetAt(index));
    for (let times = 0; times < 2; times++) await timeLook(client, await client.tokenFor(warm));
    const [first, again]: [number[], number[]] = [[], []];
    for (const uid of users) {
      const token = await client.tokenFor(uid);
      first.push(await timeLook(client, token));
      again.push(await timeLook(client, token));
    }
    report(`a feed that brings in ${NEW_ITEMS} new items`, showMs(first), "to reach: 10 ms");
    report("the same with nothing new", showMs(again));
    await reportStrangers(worker, client);
  } finally {
    await worker.stop();
  }
}

/** Users of one shard who are no target of any of its segments: a look reads the hashes of all. */
async function reportStrangers(worker: BenchWorker, client: OnecallClient): Promise<void> {
  for (let index = 0; index < 2 * SHARDS * LOOKERS; index++) await client.tokenFor(`${STRANGER}${index}`);
  const command = {
    object: "USER_SHARD",
    name: `${client.headers.appid}:0`,
    method: "repeatSegment",
    input: { copies: UNSEEN_SEGMENTS - NEW_ITEMS, prefix: STRANGER },
  };
  const answer = await fetch(`${worker.url}/__days`, { method: "POST", body: JSON.stringify(command) });
  const strangers = ((await answer.json()) as string[]).slice(0, LOOKERS);
  await worker.restart();
  const tokens = await Promise.all(strangers.map((uid) => client.tokenFor(uid)));
  // The first one's look is the object's own beginning, too.
  const looks: number[] = [];
  for (const token of tokens) looks.push(await timeLook(client, token));
  const name = `a first look after ${UNSEEN_SEGMENTS} segments of others`;
  report(name, showMs(looks.slice(1)), "to reach: 40 ms");
}

const targetAt = (index: number): string => `customer-${String(index).padStart(6, "0")}@example.com`;

async function timeLook(client: OnecallClient, token: string): Promise<number> {
  const start = performance.now();
  const response = await fetch(`${client.url}/v3/business-messaging/api/feed?limit=50`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`The feed answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  return performance.now() - start;
}
