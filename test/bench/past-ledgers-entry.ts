import type { CountedBatch } from "./onecall-bundle.js";
import onecall from "./onecall-bundle.js";

/**
 * A Worker around Onecall's own bundle that can be given a past: no client can send on a day that is over. What it
 * writes goes through the ledgers' own method for reports. `POST /__past`.
 */

export * from "./onecall-bundle.js";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const CHANNEL = { key: "in-app-alerts", type: "in_app" };
/** Targets of each notification; 40 of 100 look at it, 10 click, over three days. */
const TARGETS = 100;
const TEMPLATES = 10;
const TAGS = 20;

interface Past {
  appId: string;
  days: number;
  perDay: number;
}

interface LedgerStub {
  report(shard: number, reports: object[]): Promise<void>;
}
interface Env {
  LEDGER: { getByName(name: string): LedgerStub };
}

async function writePast(env: Env, { appId, days, perDay }: Past): Promise<void> {
  const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  for (let day = 1; day <= days; day++) {
    const start = midnight - day * DAY_MS;
    const reports = Array.from({ length: perDay }, (_, index) =>
      reportOf(start + Math.floor((index * DAY_MS) / perDay), index),
    );
    const name = `${appId}:${new Date(start).toISOString().slice(0, 10)}`;
    await env.LEDGER.getByName(name).report(0, reports);
  }
}

/** A shard's report of a notification that is long done with. */
function reportOf(createdAt: number, index: number): object {
  const hex = createdAt.toString(16).padStart(12, "0");
  const id = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${index.toString(16).padStart(12, "0")}`;
  const hour = Math.floor(createdAt / HOUR_MS);
  const header = {
    id,
    mode: "realtime",
    templateKey: `template-${index % TEMPLATES}`,
    templateId: id,
    templateVersion: 1,
    title: null,
    tag: `tag-${index % TAGS}`,
    priority: null,
    channels: [CHANNEL],
    total: TARGETS,
    duplicates: 0,
    createdAt,
    expiresAt: createdAt + DAY_MS,
    sentFrom: "0000",
    fileAudience: null,
  };
  const totals = [
    {
      channelKey: CHANNEL.key,
      delivered: TARGETS,
      cancelled: 0,
      pending: 0,
      viewed: 40,
      clicked: 10,
      failed: [],
      skipped: [],
      hours: [
        [hour, TARGETS, 10, 0],
        [hour + 1, 0, 10, 5],
        [hour + 24, 0, 10, 5],
        [hour + 48, 0, 10, 0],
      ],
    },
  ];
  return { notificationId: id, version: 1, totals, attempt: 1, waiting: 0, header };
}

export default {
  async fetch(request: Request, env: Env, execution: object): Promise<Response> {
    if (new URL(request.url).pathname !== "/__past") return onecall.fetch(request, env, execution);
    await writePast(env, (await request.json()) as Past);
    return Response.json({});
  },
  queue: (batch: CountedBatch, env: Env): Promise<void> => onecall.queue(batch, env),
};
