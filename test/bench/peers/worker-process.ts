import { openQueue, type PeerPlace, type QueueKind } from "./queues.ts";
import { type Part, PeerStore } from "./store.ts";

/** Calls of one part to the provider at once. */
const CALLS_AT_ONCE = 10;

/** What a worker is told when it begins. */
export interface WorkerOrder {
  kind: QueueKind;
  place: PeerPlace;
  /** Where each target is sent to after its row is stored; null: nowhere. */
  providerUrl: string | null;
}

process.once("message", (order: WorkerOrder) => {
  void begin(order);
});
process.on("disconnect", () => process.exit());

async function begin({ kind, place, providerUrl }: WorkerOrder): Promise<void> {
  const store = new PeerStore(place.folder, place.postgresPort);
  const queue = await openQueue(kind, place);
  await queue.work(async (part) => {
    if (providerUrl !== null) await sendAll(part, providerUrl);
    await store.deliver(part);
  });
  process.send?.("ready");
}

/** As a worker with a provider would: sent, then written down. The other way round a kill loses what isn't sent. */
async function sendAll({ sendId, rows }: Part, url: string): Promise<void> {
  const users = rows.map(([userId]) => userId);
  for (let start = 0; start < users.length; start += CALLS_AT_ONCE) {
    await Promise.all(
      users.slice(start, start + CALLS_AT_ONCE).map(async (userId) => {
        const response = await fetch(url, { method: "POST", body: JSON.stringify({ sendId, userId }) });
        await response.arrayBuffer();
      }),
    );
  }
}
