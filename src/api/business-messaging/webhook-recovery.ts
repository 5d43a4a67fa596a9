import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedJson } from "../../http/route-input.ts";
import { IsoTimeSchema } from "../../http/validation.ts";
import { requireValue } from "../../model/outcome.ts";
import { getEndpointStub } from "../../objects/webhook-endpoint/contract.ts";
import { CountSchema, named } from "../schemas.ts";
import { API } from "./paths.ts";
import { requireWebhook } from "./webhooks.ts";

const RecoverySchema = v.object({ since: IsoTimeSchema }, "must be a JSON object");

export const postWebhookRecovery = defineRoute({
  id: "recoverWebhook",
  method: "POST",
  path: `${API}/webhooks/:webhook/recover`,
  access: byApiKey("manage"),
  summary: "Send again what the endpoint hasn't taken since a time",
  body: parsedJson(RecoverySchema),
  answers: {
    200: named("WebhookRecovery", v.strictObject({ recovered: CountSchema, hasMore: v.boolean() })),
  },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async ({ app, env, params, body }) => {
    const { id } = await requireWebhook(env, app, params.webhook);
    const outcome = await getEndpointStub(env, app.id, id).recover(Math.max(body.since, 0));
    const { recovered, isMore } = requireValue(outcome);
    return json({ recovered, hasMore: isMore });
  },
});
