import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { decodeCursor, ID_PATTERN, LimitSchema, toLookPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedQuery } from "../../http/route-input.ts";
import { IsoEndSchema, IsoTimeSchema, requireRange } from "../../http/validation.ts";
import type { AuditEntry } from "../../model/audit.ts";
import { readAuditLog } from "../../reading/audit-log.ts";
import { pageOf } from "../schemas.ts";
import { API } from "./paths.ts";
import { AuditActionSchema, AuditEntrySchema, AuditTargetTypeSchema } from "./settings-answers.ts";
import { AUDIT_LOG_EXAMPLES } from "./settings-examples.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ACTOR_MESSAGE = 'must be "admin", "onecall", a masked key such as ****abcd, or the id of a key';

const QuerySchema = v.object({
  limit: LimitSchema,
  cursor: v.optional(v.string()),
  action: v.optional(AuditActionSchema),
  targetType: v.optional(AuditTargetTypeSchema),
  targetId: v.optional(v.string()),
  actor: v.optional(
    v.pipe(
      v.string(ACTOR_MESSAGE),
      v.check(
        (actor) =>
          actor === "admin" ||
          actor === "onecall" ||
          /^\*{4}[A-Za-z0-9_-]{4}$/.test(actor) ||
          UUID.test(actor),
        ACTOR_MESSAGE,
      ),
    ),
  ),
  from: v.optional(IsoTimeSchema),
  to: v.optional(IsoEndSchema),
});

export const getAuditLog = defineRoute({
  id: "listAuditLog",
  method: "GET",
  path: `${API}/audit-log`,
  access: byApiKey("manage"),
  summary: "Who did what, newest first",
  query: parsedQuery(QuerySchema),
  answers: { 200: pageOf(AuditEntrySchema) },
  examples: AUDIT_LOG_EXAMPLES,
  handle: async ({ app, env, query }) => {
    requireRange(query.from, query.to);
    const { entries, nextBeforeId } = await readAuditLog(env, app.id, {
      action: query.action ?? null,
      targetType: query.targetType ?? null,
      targetId: query.targetId ?? null,
      actor: query.actor ?? null,
      from: query.from ?? null,
      to: query.to ?? null,
      beforeId: decodeCursor(query.cursor, 1, ID_PATTERN)?.[0] ?? null,
      limit: query.limit,
    });
    const { data, nextCursor } = toLookPage(entries, nextBeforeId, ({ id }) => id);
    return json({ data: data.map(presentEntry), nextCursor });
  },
});

function presentEntry({ id, at, actor, action, target, details }: AuditEntry): object {
  const { requestId, ...who } = actor;
  return { id, at: isoTime(at), actor: who, action, target, details, requestId };
}
