import * as v from "valibot";
import { authenticate } from "../../http/auth.ts";
import { readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { json } from "../../http/responses.ts";
import { listSchema, parseInput } from "../../http/validation.ts";
import { MAX_NAMES } from "../../model/limits.ts";
import { FAILURE_REASONS } from "../../model/notification.ts";
import { retryFailed } from "../../sending/retry.ts";
import { isObject } from "../send-checks.ts";
import { presentNotification } from "./notifications.ts";

const REASON_MESSAGE = `must be one of: ${FAILURE_REASONS.join(", ")}`;
const REASONS_MESSAGE = `must be a list of at least one of: ${FAILURE_REASONS.join(", ")}`;
const RetrySchema = v.pipe(
  // A list is an object to valibot, and nothing here is required: it would retry everything.
  v.custom<Record<string, unknown>>(isObject, "must be a JSON object"),
  v.object({
    reasons: v.nullish(
      v.pipe(
        listSchema(v.picklist(FAILURE_REASONS, REASON_MESSAGE), REASONS_MESSAGE, MAX_NAMES),
        v.minLength(1, REASONS_MESSAGE),
      ),
    ),
  }),
);

/** `POST {api}/notifications/{id}/retry`: sends again to the failed deliveries. Answers the notification. */
export const postRetry: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "send");
  const { reasons = null } = parseInput(RetrySchema, await readOptionalJson(request));
  const { env, execution } = context;
  const id = pathParam(request, "notification");
  return json(presentNotification(await retryFailed({ env, execution, app }, actor, id, reasons)));
};
