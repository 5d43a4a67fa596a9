import * as v from "valibot";
import type { Bindings } from "../../env.ts";
import { byApiKey } from "../../http/access.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedQuery } from "../../http/route-input.ts";
import { IsoEndSchema, IsoTimeSchema, requireRange } from "../../http/validation.ts";
import type { AppRecord } from "../../model/app.ts";
import { HOUR_MS } from "../../model/counts.ts";
import { faultsToError } from "../../model/errors.ts";
import { requireIdParts } from "../../model/ids.ts";
import { NO_NOTIFICATION, NO_TEMPLATE } from "../../model/missing.ts";
import { requireFound } from "../../model/outcome.ts";
import { getLedgerStub } from "../../objects/ledger/contract.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import {
  type ChannelSeries,
  GRANULARITIES,
  hoursOf,
  readSeries,
  type SeriesFilter,
  type SeriesRange,
  STEP_HOURS,
  seriesOf,
} from "../../reading/analytics.ts";
import { findNotification } from "../../reading/notifications.ts";
import { requireUserParam } from "../named-users.ts";
import { SeriesSchema, UserHistorySchema } from "./answers.ts";
import { API } from "./paths.ts";
import { SERIES_EXAMPLES } from "./reading-examples.ts";

/** Points that a range may have: 31 days of hours, or a year of days. */
const MAX_POINTS = { hourly: 31 * 24, daily: 366 };

const granularity = v.optional(v.picklist(GRANULARITIES, 'must be "daily" or "hourly"'), "daily");
const RangeSchema = v.object({ from: IsoTimeSchema, to: IsoEndSchema, granularity });
const OpenRangeSchema = v.object({
  from: v.optional(IsoTimeSchema),
  to: v.optional(IsoEndSchema),
  granularity,
});
const UserQuerySchema = v.object({ limit: LimitSchema, cursor: v.optional(v.string()) });

export const getChannelAnalytics = defineRoute({
  id: "getChannelAnalytics",
  method: "GET",
  path: `${API}/analytics/channels`,
  access: byApiKey("read"),
  summary: "Events by channel type over a time",
  query: parsedQuery(RangeSchema),
  answers: { 200: SeriesSchema },
  handle: (call) => answerSeries(call, { templateKey: null, tag: null }),
});

export const getTemplateAnalytics = defineRoute({
  id: "getTemplateAnalytics",
  method: "GET",
  path: `${API}/analytics/templates/:template`,
  access: byApiKey("read"),
  summary: "Events of one template's notifications by channel type",
  query: parsedQuery(RangeSchema),
  answers: { 200: SeriesSchema },
  errors: ["ERR_TEMPLATE_NOT_FOUND"],
  handle: async (call) => {
    const { app, env, params } = call;
    const template = requireFound(
      await getRegistryStub(env, app.id).getTemplate(params.template),
      NO_TEMPLATE,
    );
    return answerSeries(call, { templateKey: template.key, tag: null });
  },
});

export const getTagAnalytics = defineRoute({
  id: "getTagAnalytics",
  method: "GET",
  path: `${API}/analytics/tags/:tag`,
  access: byApiKey("read"),
  summary: "Events of one tag's notifications by channel type",
  query: parsedQuery(RangeSchema),
  answers: { 200: SeriesSchema },
  examples: SERIES_EXAMPLES,
  handle: (call) => answerSeries(call, { templateKey: null, tag: call.params.tag }),
});

export const getNotificationAnalytics = defineRoute({
  id: "getNotificationAnalytics",
  method: "GET",
  path: `${API}/analytics/notifications/:notification`,
  access: byApiKey("read"),
  summary: "Events of one notification by channel type; without a range since it was sent",
  query: parsedQuery(OpenRangeSchema),
  answers: { 200: SeriesSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params, query }) => {
    const { from, to, granularity } = query;
    const id = params.notification;
    // Found as any read finds it: what its shard is still to report is asked for.
    const found = await findNotification(env, app, id);
    const ledger = found === null ? null : getLedgerStub(env, app.id, requireIdParts(id));
    const record = requireFound(ledger === null ? null : await ledger.getWithHours(id), NO_NOTIFICATION);
    const range = checkRange({
      from: from ?? record.header.createdAt,
      to: to ?? Math.max(Date.now(), from ?? 0),
      granularity,
    });
    return json(presentSeries(seriesOf(record, range), range));
  },
});

export const getUserAnalytics = defineRoute({
  id: "getUserAnalytics",
  method: "GET",
  path: `${API}/analytics/users/:uid`,
  access: byApiKey("read"),
  summary: "What became of a user's notifications, newest first",
  query: parsedQuery(UserQuerySchema),
  answers: { 200: UserHistorySchema },
  handle: async ({ app, env, params, query }) => {
    const { limit, cursor } = query;
    const userId = requireUserParam(params.uid, app).uid;
    const [notificationId, channelKey] = decodeCursor(cursor, 2) ?? [];
    const before =
      notificationId !== undefined && channelKey !== undefined ? { notificationId, channelKey } : null;
    const shard = getShardStubOf(env, app, userId);
    const { summary, entries, isUserGone } = await shard.readUserHistory(userId, before, limit + 1);
    const { data, nextCursor } = toPage(entries, limit, (entry) => [entry.notificationId, entry.channelKey]);
    const templateIds = [...new Set(data.map(({ templateId }) => templateId))];
    const names = new Map(
      data.length === 0 ? [] : await getRegistryStub(env, app.id).listTemplateNames(templateIds),
    );
    const notifications = data.map((entry) => ({
      notificationId: entry.notificationId,
      templateName: names.get(entry.templateId) ?? entry.templateKey,
      templateKey: entry.templateKey,
      channelType: entry.channelType,
      channelKey: entry.channelKey,
      status: entry.status,
      reason: entry.reason,
      message: entry.message,
      delivered: entry.status === "delivered",
      viewed: entry.viewedAt !== null,
      clicked: entry.clickedAt !== null,
      deliveredAt: isoTime(entry.deliveredAt),
      viewedAt: isoTime(entry.viewedAt),
      clickedAt: isoTime(entry.clickedAt),
    }));
    const deleted = isUserGone ? { userDeleted: true } : {};
    return json({ userId, ...deleted, summary, notifications, nextCursor });
  },
});

async function answerSeries(
  { env, app, query }: { env: Bindings; app: AppRecord; query: SeriesRange },
  filter: SeriesFilter,
): Promise<Response> {
  const range = checkRange(query);
  const types = [...new Set(app.channels.map(({ type }) => type))];
  return json(presentSeries(await readSeries(env, app.id, range, filter, types), range));
}

function checkRange(range: SeriesRange): SeriesRange {
  const { granularity } = range;
  requireRange(range.from, range.to);
  const { fromHour, toHour } = hoursOf(range);
  const points = (toHour + 1 - fromHour) / STEP_HOURS[granularity];
  const most = MAX_POINTS[granularity];
  if (points > most) {
    const unit = granularity === "daily" ? "days" : "hours";
    throw faultsToError([
      { field: "to", message: `must be at most ${most} ${unit} after from with ${granularity} points` },
    ]);
  }
  return range;
}

function presentSeries(series: readonly ChannelSeries[], { granularity }: SeriesRange): object[] {
  return series.map(({ channelType, delivered, viewed, clicked, points }) => ({
    channelType,
    delivered,
    viewed,
    clicked,
    timeSeries: points.map(({ hour, ...counts }) => ({ date: dateOf(hour, granularity), ...counts })),
  }));
}

/** A day as `2026-11-25`, an hour as `2026-11-25T10:00:00Z`. */
function dateOf(hour: number, granularity: SeriesRange["granularity"]): string {
  const iso = new Date(hour * HOUR_MS).toISOString();
  return granularity === "daily" ? iso.slice(0, 10) : `${iso.slice(0, 13)}:00:00Z`;
}
