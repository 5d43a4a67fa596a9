import { byApiKey } from "../../http/access.ts";
import { isoTime } from "../../http/responses.ts";
import { maskKey } from "../../model/app.ts";
import type { NotificationHeader } from "../../model/notification.ts";
import { SEND_EXAMPLES } from "../send-examples.ts";
import { defineSend } from "../send-route.ts";
import { SentSchema } from "./answers.ts";
import { API } from "./paths.ts";
import { parseSendBody, SendFormSchema } from "./send-schema.ts";

export const postSend = defineSend({
  id: "sendNotification",
  path: `${API}/notifications/send`,
  also: ["/api/notifications/send"],
  access: byApiKey("send"),
  summary: "Send a template to one user or to many",
  form: SendFormSchema,
  answer: SentSchema,
  examples: SEND_EXAMPLES,
  parse: parseSendBody,
  present: presentSend,
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
