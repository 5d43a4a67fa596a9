import * as v from "valibot";
import { BY_ADMIN } from "../../http/access.ts";
import { decodeCursor, encodeCursor, limitSchema } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedQuery } from "../../http/route-input.ts";
import { listApps } from "../../managing/list-apps.ts";
import { OnecallError } from "../../model/errors.ts";
import { parseNotificationId } from "../../model/ids.ts";
import { type AppStatus, readAppStatus } from "../../operations/status.ts";
import { checkCounts } from "../../reading/counts-check.ts";
import { pageOf } from "../schemas.ts";
import { CountsCheckSchema, StatusSchema } from "./answers.ts";
import { requireApp } from "./require-app.ts";

/** An app's status asks its ledgers and some of its shards: a page of apps must stay below a Worker's calls. */
const StatusQuerySchema = v.object({ limit: limitSchema(5, 10), cursor: v.optional(v.string()) });

export const getStatus = defineRoute({
  id: "listStatus",
  method: "GET",
  path: "/admin/status",
  access: BY_ADMIN,
  summary: "What isn't done with, app by app",
  query: parsedQuery(StatusQuerySchema),
  answers: { 200: pageOf(StatusSchema) },
  handle: async ({ env, query }) => {
    const { limit, cursor } = query;
    const { apps, nextCursor } = await listApps(env, limit, decodeCursor(cursor, 1)?.[0] ?? null);
    const found = await Promise.all(apps.map((app) => readAppStatus(env, app)));
    return json({
      data: found.map(presentStatus),
      nextCursor: nextCursor === null ? null : encodeCursor([nextCursor]),
    });
  },
});

export const getOneStatus = defineRoute({
  id: "getStatus",
  method: "GET",
  path: "/admin/apps/:app/status",
  access: BY_ADMIN,
  summary: "What isn't done with, of one app",
  answers: { 200: StatusSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) => {
    const app = await requireApp(env, params.app);
    return json(presentStatus(await readAppStatus(env, app)));
  },
});

export const getAudit = defineRoute({
  id: "checkCounts",
  method: "GET",
  path: "/admin/apps/:app/audit/:notification",
  access: BY_ADMIN,
  summary: "The ledger's counts beside the shards' own rows",
  answers: { 200: CountsCheckSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) => {
    const app = await requireApp(env, params.app);
    const audit = await checkCounts(env, app, params.notification);
    if (audit === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such notification.");
    return json(audit);
  },
});

function presentStatus({ app, oldestUncompleted, ...counts }: AppStatus): object {
  const createdAt = oldestUncompleted === null ? null : parseNotificationId(oldestUncompleted)?.timeMs;
  return {
    app: { id: app.id, name: app.name },
    ...counts,
    oldestUncompleted:
      oldestUncompleted === null || !createdAt
        ? null
        : { id: oldestUncompleted, createdAt: isoTime(createdAt) },
  };
}
