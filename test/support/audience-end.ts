import { env } from "cloudflare:workers";
import { keys } from "../../src/model/keys.ts";
import type { Body, TestApp } from "./api.ts";
import { ledgerOf, wake } from "./objects.ts";
import { readStoredText } from "./stored-objects.ts";

const PAGE = 7;

/** The time of the batch's targets in R2 is over. */
export const endAudience = (app: TestApp, id: string) => wake(ledgerOf(app, id), "audience");

export async function listR2(app: TestApp): Promise<string[]> {
  const lists = await Promise.all(keys.r2Prefixes(app.id).map((prefix) => env.TARGETS.list({ prefix })));
  return lists.flatMap(({ objects }) => objects.map(({ key }) => key)).sort();
}

/** True where a text stands in any R2 object of the app. */
export async function isInR2(app: TestApp, text: string): Promise<boolean> {
  for (const key of await listR2(app)) {
    if ((await readStoredText(env.TARGETS, key))?.includes(text) === true) return true;
  }
  return false;
}

/** All that is told of a batch's targets. `users`: of whom the log is asked one by one. */
export async function readAllAbout(
  app: TestApp,
  id: string,
  users: readonly string[],
): Promise<Record<string, unknown>> {
  const path = `/notifications/${id}/deliveries`;
  const pages: Body[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { body }: Body = await app.api("GET", `${path}?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
    pages.push(body);
    cursor = body.nextCursor;
  }
  const byUser = await Promise.all(
    [...users, "nobody"].map(async (user) => (await app.api("GET", `${path}?userId=${user}`)).body),
  );
  return {
    pages,
    byUser,
    failed: (await app.api("GET", `${path}?status=failed&limit=100`)).body,
    csv: (await app.api("GET", `${path}.csv`)).body,
    failures: (await app.api("GET", `${path}.csv?status=failed`)).body,
    counts: (await app.notification(id)).counts,
    audit: (await app.audit(id)).isEqual,
  };
}
