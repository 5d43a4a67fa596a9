import { getApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import { unknownCursor } from "../http/pagination.ts";
import type { AppRecord } from "../model/app.ts";
import { OnecallError } from "../model/errors.ts";
import { keys } from "../model/keys.ts";
import { isPlatformFault } from "../model/platform-fault.ts";

/** A page of all apps, by id. KV's list is eventually consistent, which an operator's overview can bear. */
export async function listApps(
  env: Bindings,
  limit: number,
  cursor: string | null,
): Promise<{ apps: AppRecord[]; nextCursor: string | null }> {
  const page = await env.CONFIG.list({ prefix: keys.kvAppPrefix, limit, cursor }).catch((error: unknown) => {
    // The prefix is ours: where the platform isn't at fault, the cursor is wrong.
    if (cursor === null || isPlatformFault(error)) throw error;
    throw unknownCursor("cursor");
  });
  const ids = page.keys.map(({ name }) => name.slice(keys.kvAppPrefix.length));
  // KV may still list what is deleted.
  const found = await Promise.all(ids.map((id) => getApp(env, id).catch(nullIfGone)));
  const apps = found.filter((app) => app !== null);
  return { apps, nextCursor: page.list_complete ? null : page.cursor };
}

function nullIfGone(error: unknown): null {
  if (error instanceof OnecallError && error.code === "ERR_NOT_FOUND") return null;
  throw error;
}
