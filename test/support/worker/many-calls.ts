import * as v from "valibot";

/** One call of the public API. */
export interface Call {
  method: string;
  path: string;
  body: unknown;
}

/** What many-calls-entry.ts gets: so the calls themselves are most of their cost, not the way to the Worker. */
export interface ManyCalls {
  headers: Record<string, string>;
  calls: Call[];
}

/** In one turn of the Worker, whose memory of its calls it is. */
const CALLS_PER_TURN = 500;

const StatusesSchema = v.record(v.string(), v.number());

/** Makes these calls of a Worker with a folder that stays; returns how many were answered with which status. */
export async function makeCalls(
  url: string,
  credentials: Record<string, string>,
  calls: readonly Call[],
): Promise<Record<string, number>> {
  const headers = { ...credentials, "content-type": "application/json" };
  const sum: Record<string, number> = {};
  for (let first = 0; first < calls.length; first += CALLS_PER_TURN) {
    const turn: ManyCalls = { headers, calls: calls.slice(first, first + CALLS_PER_TURN) };
    const answer = await fetch(`${url}/__calls`, { method: "POST", body: JSON.stringify(turn) });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    for (const [status, count] of Object.entries(v.parse(StatusesSchema, await answer.json()))) {
      sum[status] = (sum[status] ?? 0) + count;
    }
  }
  return sum;
}
