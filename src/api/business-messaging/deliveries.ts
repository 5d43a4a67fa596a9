import * as v from "valibot";
import { type Bindings, readConfig } from "../../env.ts";
import { byApiKey } from "../../http/access.ts";
import { decodeCursor, encodeCursor, limitSchema } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedQuery, ruledQuery } from "../../http/route-input.ts";
import { perUserIdRule, StoredUserIdSchema } from "../../http/validation.ts";
import type { AppRecord } from "../../model/app.ts";
import type { LoggedDelivery } from "../../model/delivery.ts";
import { OnecallError } from "../../model/errors.ts";
import { NO_NOTIFICATION } from "../../model/missing.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import { requireFound } from "../../model/outcome.ts";
import { type CsvPurpose, streamLog, streamTargets } from "../../reading/delivery-csv.ts";
import { DeliveryLog, type LogFilter } from "../../reading/delivery-log.ts";
import { listTargetIds } from "../named-users.ts";
import { pageOf } from "../schemas.ts";
import { DeliveryReasonSchema, DeliverySchema, DeliveryStatusSchema } from "./answers.ts";
import { API } from "./paths.ts";
import { DELIVERY_EXAMPLES } from "./reading-examples.ts";

const FilterEntries = {
  status: v.optional(DeliveryStatusSchema),
  reason: v.optional(DeliveryReasonSchema),
  channel: v.optional(v.string()),
};
const logQuerySchema = perUserIdRule(StoredUserIdSchema, (userId) =>
  v.object({
    ...FilterEntries,
    userId: v.optional(userId),
    limit: limitSchema(20),
    cursor: v.optional(v.string()),
  }),
);
const CsvQuerySchema = v.object({
  ...FilterEntries,
  for: v.optional(v.picklist(["spreadsheet"], 'must be "spreadsheet", or absent')),
});

const NO_FILTER: LogFilter = { status: null, reason: null, channelKey: null };

export const getDeliveries = defineRoute({
  id: "listDeliveries",
  method: "GET",
  path: `${API}/notifications/:notification/deliveries`,
  access: byApiKey("read"),
  summary: "Deliveries target by target, in the order of the audience",
  query: ruledQuery(logQuerySchema),
  answers: { 200: pageOf(DeliverySchema) },
  errors: ["ERR_NOT_FOUND"],
  examples: DELIVERY_EXAMPLES,
  handle: async (call) => {
    const { app, query } = call;
    const log = await openLog(call);
    const filter = toFilter(query);
    const present = (delivery: LoggedDelivery) => presentDelivery(delivery, log.header);
    if (query.userId !== undefined) {
      const deliveries = await readUser(log, listTargetIds(query.userId, app), filter);
      return json({ data: deliveries.map(present), nextCursor: null });
    }
    const [step, row, channel] = (decodeCursor(query.cursor, 3, /^\d{1,6}$/) ?? []).map(Number);
    const from =
      step === undefined || row === undefined || channel === undefined ? null : { step, row, channel };
    const { deliveries, next } = await log.readPage(filter, from, query.limit);
    return json({
      data: deliveries.map(present),
      nextCursor: next === null ? null : encodeCursor([next.step, next.row, next.channel].map(String)),
    });
  },
});

export const getDeliveriesCsv = defineRoute({
  id: "exportDeliveries",
  method: "GET",
  path: `${API}/notifications/:notification/deliveries.csv`,
  access: byApiKey("read"),
  summary: "The delivery log as CSV, or with status=failed a targets file",
  query: parsedQuery(CsvQuerySchema),
  answers: { 200: { mediaType: "text/csv", description: "The log, or a targets file" } },
  errors: ["ERR_NOT_FOUND"],
  handle: async (call) => {
    const { query } = call;
    const log = await openLog(call);
    const filter = toFilter(query);
    const purpose: CsvPurpose = query.for ?? "raw";
    const { id, createdAt } = log.header;
    const isTargetsFile = filter.status === "failed";
    const body = isTargetsFile
      ? streamTargets(log, filter, purpose)
      : streamLog(log, filter, createdAt, purpose);
    return new Response(body, {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        // Never shown as a page of this origin, whatever its cells hold.
        "content-disposition": `attachment; filename="${isTargetsFile ? "failed" : "deliveries"}-${id}.csv"`,
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
      },
    });
  },
});

/** The deliveries to the first of these users who is a target. */
async function readUser(
  log: DeliveryLog,
  userIds: readonly string[],
  filter: LogFilter,
): Promise<LoggedDelivery[]> {
  const [only = "", ...others] = userIds;
  for (const userId of others.length === 0 ? [] : userIds) {
    const deliveries = await log.readUser(userId, NO_FILTER);
    if (deliveries.length > 0) return log.readUser(userId, filter);
  }
  return log.readUser(only, filter);
}

async function openLog({
  env,
  app,
  params,
}: {
  env: Bindings;
  app: AppRecord;
  params: { notification: string };
}): Promise<DeliveryLog> {
  const log = requireFound(await DeliveryLog.find(env, app, params.notification), NO_NOTIFICATION);
  // Rows that retention has removed mustn't look like rows that are still to come.
  if (log.header.createdAt < Date.now() - readConfig(env).retentionMs) {
    throw new OnecallError("ERR_NOT_FOUND", "This notification's delivery log has ended.");
  }
  return log;
}

function toFilter(query: v.InferOutput<v.ObjectSchema<typeof FilterEntries, undefined>>): LogFilter {
  return {
    status: query.status ?? null,
    reason: query.reason ?? null,
    channelKey: query.channel ?? null,
  };
}

function presentDelivery(
  { userId, isUserGone, tries, deliveredAt, viewedAt, clickedAt, ...delivery }: LoggedDelivery,
  header: NotificationHeader,
): object {
  return {
    // The uid may be another user's by now.
    userId: isUserGone ? null : userId,
    ...(isUserGone ? { userDeleted: true } : {}),
    ...delivery,
    attempts: tries,
    createdAt: isoTime(header.createdAt),
    deliveredAt: isoTime(deliveredAt),
    viewedAt: isoTime(viewedAt),
    clickedAt: isoTime(clickedAt),
  };
}
