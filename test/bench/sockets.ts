import { shardOfUser, type UserPlacement } from "../../src/model/user-hash.ts";
import { median, report } from "./figures.ts";
import { OnecallClient } from "./onecall-client.ts";
import { type BenchWorker, startOnecall } from "./workers.ts";

const WATCHERS = 250;
const SOCKETS_EACH = 20;
const OPENED_AT_ONCE = 50;
const SENDS = 500;
const API = "/v3/business-messaging/api";

/** Sends to users of a shard in which 250 others have 20 feed sockets each, beside the same without sockets. */
export async function benchSockets(script: string): Promise<void> {
  const worker = await startOnecall(script);
  try {
    const client = await OnecallClient.create(worker.url);
    const [crowded = [], quiet = []] = await usersOfShards(worker, client, WATCHERS + 20);
    const [watchers, targets] = [crowded.slice(20), crowded.slice(0, 20)];
    const others = quiet.slice(0, 20);
    for (const user of [...targets, ...others]) await timeSend(client, user);
    const before = await timeBoth(client, targets, others);
    const sockets = await openAll(client, watchers);
    const during = await timeBoth(client, targets, others);
    for (const socket of sockets) socket.close();
    const show = (p50: number) => `p50 ${p50.toFixed(2)} ms`;
    report("sends to a shard, no socket open", show(before.here));
    report("sends to another shard", show(before.elsewhere));
    report(`sends to a shard with ${sockets.length} sockets`, show(during.here));
    report("sends to another shard, at that time", show(during.elsewhere));
    const change = (during.here / during.elsewhere / (before.here / before.elsewhere) - 1) * 100;
    report("what the sockets add", `${change.toFixed(0)} %`, "to reach: at most 20 %");
  } finally {
    await worker.stop();
  }
}

/** `count` users of each of two shards. */
async function usersOfShards(
  worker: BenchWorker,
  client: OnecallClient,
  count: number,
): Promise<[string[], string[]]> {
  const copy = await worker.readCopy(`app:${client.headers.appid}`);
  if (copy === null) throw new Error("KV has no copy of the app yet");
  const app = JSON.parse(copy) as UserPlacement;
  const found: [string[], string[]] = [[], []];
  for (let index = 0; found.some((users) => users.length < count); index++) {
    const users = found[shardOfUser(`user-${index}`, app)];
    if (users !== undefined && users.length < count) users.push(`user-${index}`);
  }
  return found;
}

/** Send by send in turns, so that whatever else the machine does is in both. */
async function timeBoth(
  client: OnecallClient,
  here: readonly string[],
  elsewhere: readonly string[],
): Promise<{ here: number; elsewhere: number }> {
  const times = { here: [] as number[], elsewhere: [] as number[] };
  for (let index = 0; index < SENDS; index++) {
    times.here.push(await timeSend(client, here[index % here.length] ?? ""));
    times.elsewhere.push(await timeSend(client, elsewhere[index % elsewhere.length] ?? ""));
  }
  return { here: median(times.here), elsewhere: median(times.elsewhere) };
}

async function timeSend(client: OnecallClient, user: string): Promise<number> {
  const body = client.realtimeBody(user);
  const began = performance.now();
  const response = await fetch(client.url + client.sendPath, {
    method: "POST",
    headers: client.headers,
    body,
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`A send answered ${response.status}`);
  return performance.now() - began;
}

async function openAll(client: OnecallClient, users: readonly string[]): Promise<WebSocket[]> {
  const url = `${client.url.replace("http", "ws")}${API}/feed/socket`;
  const tokens = await Promise.all(users.map((user) => tokenFor(client, user)));
  const wanted = tokens.flatMap((token) => Array<string>(SOCKETS_EACH).fill(token));
  const sockets: WebSocket[] = [];
  for (let index = 0; index < wanted.length; index += OPENED_AT_ONCE) {
    const opened = wanted.slice(index, index + OPENED_AT_ONCE).map((token) => open(url, token));
    sockets.push(...(await Promise.all(opened)));
  }
  return sockets;
}

async function tokenFor(client: OnecallClient, user: string): Promise<string> {
  const { authToken } = await client.call<{ authToken: string }>("POST", `/users/${user}/auth_tokens`, {});
  return authToken;
}

function open(url: string, token: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [token]);
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error("A feed socket was refused"));
  });
}
