import * as v from "valibot";
import { authenticate } from "../../http/auth.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { decodeCursor, encodeCursor, fitPage, LimitSchema } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { IsoEndSchema, IsoTimeSchema, parseInput, queryOf, requireRange } from "../../http/validation.ts";
import { presentCounts } from "../../model/counts.ts";
import { OnecallError } from "../../model/errors.ts";
import { MODES } from "../../model/notification.ts";
import type { NotificationRecord } from "../../objects/ledger/contract.ts";
import { findNotification, listNotifications } from "../../reading/notifications.ts";
import { streamProgress } from "../../reading/progress.ts";

const ListQuerySchema = v.object({
  limit: LimitSchema,
  cursor: v.optional(v.string()),
  tag: v.optional(v.string()),
  templateKey: v.optional(v.string()),
  mode: v.optional(v.picklist(MODES, 'must be "realtime" or "batch"')),
  from: v.optional(IsoTimeSchema),
  to: v.optional(IsoEndSchema),
});

/** `GET {api}/notifications/{id}`: the notification with its state and counts. */
export const getNotification: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const record = await findNotification(context.env, app, pathParam(request, "notification"));
  if (record === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such notification.");
  return json(presentNotification(record));
};

/** `GET {api}/notifications`: newest first. */
export const getNotifications: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const query = parseInput(ListQuerySchema, queryOf(context.url));
  requireRange(query.from, query.to);
  const { records, nextBeforeId } = await listNotifications(context.env, app.id, {
    tag: query.tag ?? null,
    templateKey: query.templateKey ?? null,
    mode: query.mode ?? null,
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
};

/** `GET {api}/notifications/{id}/progress`: state and counts as Server-Sent Events, until they are final. */
export const getProgress: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const id = pathParam(request, "notification");
  const record = await findNotification(context.env, app, id);
  if (record === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such notification.");
  const readAgain = () =>
    findNotification(context.env, app, id).catch((error: unknown) => {
      // The next look may find it.
      console.error({ message: "progress can't be read", requestId: context.requestId, error });
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
};

/** A notification as the management API shows it, whatever family it was sent in. */
export function presentNotification(record: NotificationRecord): object {
  const { header, totals, completedAt, attempt } = record;
  const { id, templateKey, templateVersion, mode, title, tag, priority, channels, duplicates } = header;
  return {
    id,
    state: stateOf(record),
    ...{ templateKey, templateVersion, mode, title, tag, priority, channels, duplicates },
    createdAt: isoTime(header.createdAt),
    completedAt: isoTime(completedAt),
    expiresAt: isoTime(header.expiresAt),
    attempt,
    counts: presentCounts(header, totals),
  };
}

function stateOf({ completedAt }: NotificationRecord): "sending" | "completed" {
  return completedAt === null ? "sending" : "completed";
}
