import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { decodeCursor, encodeCursor, fitPage, LimitSchema } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedQuery } from "../../http/route-input.ts";
import { IsoEndSchema, IsoTimeSchema, requireRange } from "../../http/validation.ts";
import { presentCounts } from "../../model/counts.ts";
import { OnecallError } from "../../model/errors.ts";
import { MODES, NOTIFICATION_STATES, type NotificationState } from "../../model/notification.ts";
import type { NotificationRecord } from "../../objects/ledger/contract.ts";
import { findNotification, listNotifications } from "../../reading/notifications.ts";
import { streamProgress } from "../../reading/progress.ts";
import { BooleanTextSchema } from "../../text/schemas.ts";
import { pageOf } from "../schemas.ts";
import { NotificationSchema } from "./answers.ts";
import { API } from "./paths.ts";

const ListQuerySchema = v.object({
  limit: LimitSchema,
  cursor: v.optional(v.string()),
  tag: v.optional(v.string()),
  templateKey: v.optional(v.string()),
  mode: v.optional(v.picklist(MODES, 'must be "realtime" or "batch"')),
  state: v.optional(v.picklist(NOTIFICATION_STATES, `must be one of: ${NOTIFICATION_STATES.join(", ")}`)),
  hasFailures: v.optional(BooleanTextSchema),
  from: v.optional(IsoTimeSchema),
  to: v.optional(IsoEndSchema),
});

export const getNotification = defineRoute({
  id: "getNotification",
  method: "GET",
  path: `${API}/notifications/:notification`,
  access: byApiKey("read"),
  summary: "A notification with its state and counts",
  answers: { 200: NotificationSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const record = await findNotification(env, app, params.notification);
    if (record === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such notification.");
    return json(presentNotification(record));
  },
});

export const getNotifications = defineRoute({
  id: "listNotifications",
  method: "GET",
  path: `${API}/notifications`,
  access: byApiKey("read"),
  summary: "Notifications, newest first",
  query: parsedQuery(ListQuerySchema),
  answers: { 200: pageOf(NotificationSchema) },
  handle: async ({ app, env, query }) => {
    requireRange(query.from, query.to);
    const { records, nextBeforeId } = await listNotifications(env, app.id, {
      tag: query.tag ?? null,
      templateKey: query.templateKey ?? null,
      mode: query.mode ?? null,
      state: query.state ?? null,
      hasFailures: query.hasFailures ?? null,
      from: query.from ?? null,
      to: query.to ?? null,
      beforeId: decodeCursor(query.cursor, 1)?.[0] ?? null,
      limit: query.limit,
    });
    const page = fitPage(records);
    const next = page.length < records.length ? (page.at(-1)?.header.id ?? null) : nextBeforeId;
    return json({
      data: page.map(presentNotification),
      nextCursor: next === null ? null : encodeCursor([next]),
    });
  },
});

export const getProgress = defineRoute({
  id: "streamProgress",
  method: "GET",
  path: `${API}/notifications/:notification/progress`,
  access: byApiKey("read"),
  summary: "State and counts as Server-Sent Events, until they are final",
  answers: { 200: { mediaType: "text/event-stream", description: "Events of state and counts" } },
  errors: ["ERR_NOT_FOUND"],
  handle: async (call) => {
    const { app, env, params } = call;
    const id = params.notification;
    const record = await findNotification(env, app, id);
    if (record === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such notification.");
    const readAgain = () =>
      findNotification(env, app, id).catch((error: unknown) => {
        // The next look may find it.
        console.error({ message: "progress can't be read", requestId: call.requestId, error });
        return null;
      });
    const body = streamProgress(record, readAgain, (found) => ({
      data: {
        id,
        state: stateOf(found),
        completedAt: isoTime(found.completedAt),
        counts: presentCounts(found.header, found.totals),
      },
      isFinal: found.completedAt !== null,
    }));
    return new Response(body, {
      headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
    });
  },
});

/** A notification as the management API shows it, whatever family it was sent in. */
export function presentNotification(record: NotificationRecord): object {
  const { header, totals, completedAt, attempt } = record;
  const { id, templateKey, templateVersion, mode, title, tag, priority, channels, duplicates } = header;
  return {
    id,
    state: stateOf(record),
    templateKey,
    templateVersion,
    mode,
    title,
    tag,
    priority,
    channels,
    duplicates,
    createdAt: isoTime(header.createdAt),
    completedAt: isoTime(completedAt),
    expiresAt: isoTime(header.expiresAt),
    attempt,
    counts: presentCounts(header, totals),
  };
}

function stateOf({ completedAt }: NotificationRecord): NotificationState {
  return completedAt === null ? "sending" : "completed";
}
