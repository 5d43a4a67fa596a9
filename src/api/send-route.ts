import type { Access } from "../http/access.ts";
import type { Caller } from "../http/auth.ts";
import { withSendJson } from "../http/body.ts";
import { readIdempotency, replayHeaders } from "../http/idempotency.ts";
import { json } from "../http/responses.ts";
import { type AnswerForm, defineRoute, type Example, type Route } from "../http/route.ts";
import { ANY_QUERY, ownBody } from "../http/route-input.ts";
import type { NotificationHeader } from "../model/notification.ts";
import type { SendRequest } from "../model/send-request.ts";
import type { UserIdRule } from "../model/user-ids.ts";
import { sendNotification } from "../sending/send.ts";

/** What tells one family's send from another's. */
interface SendDeclaration {
  id: string;
  path: string;
  also: readonly string[];
  access: Access<Caller>;
  summary: string;
  /** The whole form, as a document shows it. */
  form: Parameters<typeof ownBody>[0];
  answer: AnswerForm;
  examples: readonly Example[];
  /** Throws with every fault. `now`: Unix ms. */
  parse: (body: unknown, rule: UserIdRule, now: number) => SendRequest;
  present: (header: NotificationHeader) => object;
}

/** A send in a family's form: the seeds' own fields, and with an Idempotency-Key nothing is sent twice. */
export function defineSend({ form, answer, parse, present, ...declared }: SendDeclaration): Route {
  return defineRoute({
    ...declared,
    method: "POST",
    query: ANY_QUERY,
    body: ownBody(form),
    answers: { 200: answer },
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
    headers: {
      "Idempotency-Key":
        "1 to 255 printable ASCII characters: repeated with the same body, nothing is sent twice.",
    },
    handle: ({ app, key, via, env, execution, request }) =>
      withSendJson(request, app.id, async (body) => {
        const idempotency = await readIdempotency(request, body);
        const call = { env, execution, app, key, via, idempotency };
        const { header, isReplayed } = await sendNotification(call, (now) => parse(body, app, now));
        return json(present(header), 200, replayHeaders(isReplayed));
      }),
  });
}
