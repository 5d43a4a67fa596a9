import * as v from "valibot";
import { authenticate } from "../../http/auth.ts";
import { type Context, type Handler, pathParam } from "../../http/context.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { IsoEndSchema, IsoTimeSchema, parseInput, queryOf, requireRange } from "../../http/validation.ts";
import type { AppRecord } from "../../model/app.ts";
import { HOUR_MS } from "../../model/counts.ts";
import { faultsToError, OnecallError } from "../../model/errors.ts";
import { requireIdParts } from "../../model/ids.ts";
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

/** `GET {api}/analytics/channels?from&to&granularity`: events by channel type. */
export const getChannelAnalytics: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  return answerSeries(context, app, { templateKey: null, tag: null });
};

/** `GET {api}/analytics/templates/{idOrKey}`: the same, of what was sent with a template. */
export const getTemplateAnalytics: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const template = await getRegistryStub(context.env, app.id).getTemplate(pathParam(request, "template"));
  if (template === null) throw new OnecallError("ERR_TEMPLATE_NOT_FOUND", "There is no such template.");
  return answerSeries(context, app, { templateKey: template.key, tag: null });
};

/** `GET {api}/analytics/tags/{tag}`: the same, of what was sent with a tag. */
export const getTagAnalytics: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  return answerSeries(context, app, { templateKey: null, tag: pathParam(request, "tag") });
};

/** `GET {api}/analytics/notifications/{id}`: the same of one notification, without a range since it was sent. */
export const getNotificationAnalytics: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { from, to, granularity } = parseInput(OpenRangeSchema, queryOf(context.url));
  const id = pathParam(request, "notification");
  // Found as any read finds it: what its shard is still to report is asked for.
  const found = await findNotification(context.env, app, id);
  const ledger = found === null ? null : getLedgerStub(context.env, app.id, requireIdParts(id));
  const record = ledger === null ? null : await ledger.getWithHours(id);
  if (record === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such notification.");
  const range = checkRange({
    from: from ?? record.header.createdAt,
    to: to ?? Math.max(Date.now(), from ?? 0),
    granularity,
  });
  return json(presentSeries(seriesOf(record, range), range));
};

/** `GET {api}/analytics/users/{uid}`: what became of a user's notifications, newest first. */
export const getUserAnalytics: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { limit, cursor } = parseInput(UserQuerySchema, queryOf(context.url));
  const userId = requireUserParam(request, app).uid;
  const [notificationId, channelKey] = decodeCursor(cursor, 2) ?? [];
  const before =
    notificationId !== undefined && channelKey !== undefined ? { notificationId, channelKey } : null;
  const shard = getShardStubOf(context.env, app, userId);
  const { summary, entries, isUserGone } = await shard.readUserHistory(userId, before, limit + 1);
  const { data, nextCursor } = toPage(entries, limit, (entry) => [entry.notificationId, entry.channelKey]);
  const templateIds = [...new Set(data.map(({ templateId }) => templateId))];
  const names = new Map(
    data.length === 0 ? [] : await getRegistryStub(context.env, app.id).listTemplateNames(templateIds),
  );
  const notifications = data.map((entry) => ({
    notificationId: entry.notificationId,
    templateName: names.get(entry.templateId) ?? entry.templateKey,
    templateKey: entry.templateKey,
    channelType: entry.channelType,
    channelKey: entry.channelKey,
    status: entry.status,
    delivered: entry.status === "delivered",
    viewed: entry.viewedAt !== null,
    clicked: entry.clickedAt !== null,
    deliveredAt: isoTime(entry.deliveredAt),
    viewedAt: isoTime(entry.viewedAt),
    clickedAt: isoTime(entry.clickedAt),
  }));
  const deleted = isUserGone ? { userDeleted: true } : {};
  return json({ userId, ...deleted, summary, notifications, nextCursor });
};

async function answerSeries(context: Context, app: AppRecord, filter: SeriesFilter): Promise<Response> {
  const range = checkRange(parseInput(RangeSchema, queryOf(context.url)));
  const types = [...new Set(app.channels.map(({ type }) => type))];
  return json(presentSeries(await readSeries(context.env, app.id, range, filter, types), range));
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
    ...{ channelType, delivered, viewed, clicked },
    timeSeries: points.map(({ hour, ...counts }) => ({ date: dateOf(hour, granularity), ...counts })),
  }));
}

/** A day as `2026-11-25`, an hour as `2026-11-25T10:00:00Z`. */
function dateOf(hour: number, granularity: SeriesRange["granularity"]): string {
  const iso = new Date(hour * HOUR_MS).toISOString();
  return granularity === "daily" ? iso.slice(0, 10) : `${iso.slice(0, 13)}:00:00Z`;
}
