import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedJson } from "../../http/route-input.ts";
import { listSchema, StoredUserIdSchema } from "../../http/validation.ts";
import { MAX_NAMES } from "../../model/limits.ts";
import { FAILURE_REASONS } from "../../model/notification.ts";
import { canonicalUserId } from "../../model/user-ids.ts";
import { retryFailed } from "../../sending/retry.ts";
import { choiceSchema } from "../../text/schemas.ts";
import { shownAs } from "../../text/shown-schema.ts";
import { isObject } from "../send-checks.ts";
import { NotificationSchema } from "./answers.ts";
import { presentNotification } from "./notifications.ts";
import { API } from "./paths.ts";

const REASONS_MESSAGE = `must be a list of at least one of: ${FAILURE_REASONS.join(", ")}`;
const RetrySchema = v.pipe(
  // A list is an object to valibot, and nothing here is required: it would retry everything.
  shownAs(v.custom<Record<string, unknown>>(isObject, "must be a JSON object"), {
    type: "object",
    properties: {
      reasons: { type: ["array", "null"], minItems: 1, items: { type: "string", enum: FAILURE_REASONS } },
      userId: { type: ["string", "null"] },
    },
  }),
  v.object({
    reasons: v.nullish(
      v.pipe(
        listSchema(choiceSchema(FAILURE_REASONS), REASONS_MESSAGE, MAX_NAMES),
        v.minLength(1, REASONS_MESSAGE),
        v.transform((reasons) => FAILURE_REASONS.filter((reason) => reasons.includes(reason))),
      ),
    ),
    userId: v.nullish(StoredUserIdSchema),
  }),
);

export const postRetry = defineRoute({
  id: "retryNotification",
  method: "POST",
  path: `${API}/notifications/:notification/retry`,
  access: byApiKey("send"),
  summary: "Send again to the failed deliveries, of all users or of one",
  body: parsedJson(RetrySchema, { isOptional: true }),
  answers: { 200: NotificationSchema },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async ({ app, actor, env, execution, params, body }) => {
    const { reasons = null, userId = null } = body;
    const choice = { reasons, userId: userId === null ? null : canonicalUserId(app, userId) };
    const record = await retryFailed({ env, execution, app }, actor, params.notification, choice);
    return json(presentNotification(record));
  },
});
