import { authenticate } from "../../http/auth.ts";
import { withSendJson } from "../../http/body.ts";
import type { Handler } from "../../http/context.ts";
import { readIdempotency, replayHeaders } from "../../http/idempotency.ts";
import { isoTime, json } from "../../http/responses.ts";
import { maskKey } from "../../model/app.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import { sendNotification } from "../../sending/send.ts";
import { parseSendBody } from "./send-schema.ts";

/** `POST {api}/notifications/send` (seeds 000 to 002). */
export const postSend: Handler = async (request, context) => {
  const { app, key } = await authenticate(request, context, "send");
  return withSendJson(request, app.id, async (body) => {
    const idempotency = await readIdempotency(request, body);
    const { env, execution } = context;
    const { header, isReplayed } = await sendNotification({ env, execution, app, key, idempotency }, (now) =>
      parseSendBody(body, now, app),
    );
    return json(presentSend(header), 200, replayHeaders(isReplayed));
  });
};

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
