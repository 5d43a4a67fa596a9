import * as v from "valibot";
import { BY_ADMIN } from "../../http/access.ts";
import { limitSchema, PageQuerySchema } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedQuery } from "../../http/route-input.ts";
import { parseNotificationId } from "../../model/ids.ts";
import { requireValue } from "../../model/outcome.ts";
import { type AppStatus, readAppStatus } from "../../operations/status.ts";
import { checkCounts } from "../../reading/counts-check.ts";
import { pageOf } from "../schemas.ts";
import { CountsCheckSchema, StatusSchema } from "./answers.ts";
import { pageApps, requireApp } from "./named-apps.ts";

/** An app's status asks its ledgers and some of its shards: a page of apps must stay below a Worker's calls. */
const StatusQuerySchema = v.object({ ...PageQuerySchema.entries, limit: limitSchema(5, 10) });

export const getStatus = defineRoute({
  id: "listStatus",
  method: "GET",
  path: "/admin/status",
  access: BY_ADMIN,
  summary: "What isn't done with, app by app",
  query: parsedQuery(StatusQuerySchema),
  answers: { 200: pageOf(StatusSchema) },
  handle: async ({ env, query }) =>
    json(await pageApps(env, query, async (app) => presentStatus(await readAppStatus(env, app)))),
});

export const getOneStatus = defineRoute({
  id: "getStatus",
  method: "GET",
  path: "/admin/apps/:app/status",
  access: BY_ADMIN,
  summary: "What isn't done with, of one app",
  answers: { 200: StatusSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) =>
    json(presentStatus(await readAppStatus(env, await requireApp(env, params.app)))),
});

export const getAudit = defineRoute({
  id: "checkCounts",
  method: "GET",
  path: "/admin/apps/:app/audit/:notification",
  access: BY_ADMIN,
  summary: "The ledger's counts beside the shards' own rows",
  answers: { 200: CountsCheckSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ env, params }) =>
    json(requireValue(await checkCounts(env, await requireApp(env, params.app), params.notification))),
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
