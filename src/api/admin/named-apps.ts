import { getApp } from "../../copies/app.ts";
import type { Bindings } from "../../env.ts";
import { decodeCursor, encodeCursor } from "../../http/pagination.ts";
import { listApps } from "../../managing/list-apps.ts";
import type { AppRecord } from "../../model/app.ts";
import { APP_ID_PATTERN } from "../../model/credentials.ts";
import { NO_APP } from "../../model/missing.ts";
import { requireFound } from "../../model/outcome.ts";

/** An id in a path that an app may have: asking for any other would make an object. */
export function requireAppId(id: string): string {
  return requireFound(APP_ID_PATTERN.test(id) ? id : null, NO_APP);
}

/** The app of a path; throws where there is none. */
export async function requireApp(env: Bindings, id: string): Promise<AppRecord> {
  return getApp(env, requireAppId(id));
}

/** A page of the apps that there are, as they are shown. */
export async function pageApps(
  env: Bindings,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  present: (app: AppRecord) => object | Promise<object>,
): Promise<{ data: object[]; nextCursor: string | null }> {
  const { apps, nextCursor } = await listApps(env, limit, decodeCursor(cursor, 1)?.[0] ?? null);
  return {
    data: await Promise.all(apps.map(present)),
    nextCursor: nextCursor === null ? null : encodeCursor([nextCursor]),
  };
}
