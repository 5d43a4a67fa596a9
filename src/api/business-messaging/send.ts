import { byApiKey } from "../../http/access.ts";
import { withSendJson } from "../../http/body.ts";
import { readIdempotency, replayHeaders } from "../../http/idempotency.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ANY_QUERY, ownBody } from "../../http/route-input.ts";
import { maskKey } from "../../model/app.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import { sendNotification } from "../../sending/send.ts";
import { IDEMPOTENCY_HEADER, SEND_EXAMPLES } from "../send-examples.ts";
import { SentSchema } from "./answers.ts";
import { API } from "./paths.ts";
import { parseSendBody, SendFormSchema } from "./send-schema.ts";

export const postSend = defineRoute({
  id: "sendNotification",
  method: "POST",
  path: `${API}/notifications/send`,
  also: ["/api/notifications/send"],
  access: byApiKey("send"),
  summary: "Send a template to one user or to many",
  query: ANY_QUERY,
  body: ownBody(SendFormSchema),
  answers: { 200: SentSchema },
  errors: [
    "ERR_TARGET_LIMIT_EXCEEDED",
    "ERR_INVALID_MODE",
    "ERR_INVALID_VARIABLES",
    "ERR_NO_CHANNELS",
    "ERR_INVALID_TARGETS_FILE",
    "ERR_TEMPLATE_NOT_FOUND",
    "ERR_TEMPLATE_NOT_APPROVED",
    "ERR_CONFLICT",
    "ERR_IDEMPOTENCY_CONFLICT",
  ],
  headers: IDEMPOTENCY_HEADER,
  examples: SEND_EXAMPLES,
  handle: async ({ app, key, env, execution, request }) => {
    return withSendJson(request, app.id, async (body) => {
      const idempotency = await readIdempotency(request, body);
      const { header, isReplayed } = await sendNotification(
        { env, execution, app, key, idempotency },
        (now) => parseSendBody(body, now, app),
      );
      return json(presentSend(header), 200, replayHeaders(isReplayed));
    });
  },
});

/** Seed 000's answer for realtime, seed 001's for batch: the two differ in `channels` and `sentFrom`. */
function presentSend(header: NotificationHeader): object {
  const { id, templateKey, channels, mode, title, tag, sentFrom, createdAt } = header;
  return {
    notificationId: id,
    templateKey,
    channels: mode === "realtime" ? [...new Set(channels.map(({ type }) => type))] : channels,
    mode,
    title,
    tag,
    sentFrom: mode === "realtime" ? "api" : { type: "api", value: maskKey(sentFrom) },
    createdAt: isoTime(createdAt),
  };
}
