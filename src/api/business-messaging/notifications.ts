import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { decodeCursor, ID_PATTERN, LimitSchema, toLookPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedQuery } from "../../http/route-input.ts";
import { IsoEndSchema, IsoTimeSchema, requireRange } from "../../http/validation.ts";
import { presentCounts } from "../../model/counts.ts";
import { NO_NOTIFICATION } from "../../model/missing.ts";
import { MODES, NOTIFICATION_STATES, type NotificationState } from "../../model/notification.ts";
import { requireFound } from "../../model/outcome.ts";
import { senderOf } from "../../model/sender.ts";
import type { NotificationRecord } from "../../objects/ledger/contract.ts";
import { findNotification, listNotifications } from "../../reading/notifications.ts";
import { streamProgress } from "../../reading/progress.ts";
import { BooleanTextSchema, choiceSchema } from "../../text/schemas.ts";
import { pageOf } from "../schemas.ts";
import { NotificationSchema } from "./answers.ts";
import { API } from "./paths.ts";
import { NOTIFICATION_EXAMPLES, NOTIFICATION_LIST_EXAMPLES } from "./reading-examples.ts";

const ListQuerySchema = v.object({
  limit: LimitSchema,
  cursor: v.optional(v.string()),
  tag: v.optional(v.string()),
  templateKey: v.optional(v.string()),
  mode: v.optional(v.picklist(MODES, 'must be "realtime" or "batch"')),
  state: v.optional(choiceSchema(NOTIFICATION_STATES)),
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
  examples: NOTIFICATION_EXAMPLES,
  handle: async ({ app, env, params }) => {
    const record = requireFound(await findNotification(env, app, params.notification), NO_NOTIFICATION);
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
  examples: NOTIFICATION_LIST_EXAMPLES,
  handle: async ({ app, env, query }) => {
    requireRange(query.from, query.to);
    const { cursor, ...filter } = query;
    const beforeId = decodeCursor(cursor, 1, ID_PATTERN)?.[0] ?? null;
    const { records, nextBeforeId } = await listNotifications(env, app.id, { ...filter, beforeId });
    const { data, nextCursor } = toLookPage(records, nextBeforeId, ({ header }) => header.id);
    return json({ data: data.map(presentNotification), nextCursor });
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
    const record = requireFound(await findNotification(env, app, id), NO_NOTIFICATION);
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
    sentBy: senderOf(header),
    counts: presentCounts(header, totals),
  };
}

function stateOf({ completedAt }: NotificationRecord): NotificationState {
  return completedAt === null ? "sending" : "completed";
}
