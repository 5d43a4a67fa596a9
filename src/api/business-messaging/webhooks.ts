import type { Bindings } from "../../env.ts";
import { byApiKey } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { PageQuerySchema, readPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody, parsedQuery } from "../../http/route-input.ts";
import { changeApp } from "../../managing/change-app.ts";
import type { AppRecord } from "../../model/app.ts";
import { NO_WEBHOOK } from "../../model/missing.ts";
import { requireFound, requireValue } from "../../model/outcome.ts";
import type { Attempt, Webhook } from "../../model/webhook.ts";
import { makeSecret } from "../../model/webhook-secrets.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { getEndpointStub } from "../../objects/webhook-endpoint/contract.ts";
import { DeletedSchema, pageOf } from "../schemas.ts";
import { API } from "./paths.ts";
import { ROTATION } from "./rotation.ts";
import { AttemptSchema, WebhookSchema, WebhookWithSecretSchema } from "./settings-answers.ts";
import { WEBHOOK_EXAMPLES, WEBHOOK_TEST_EXAMPLES } from "./settings-examples.ts";
import {
  NewWebhookSchema,
  parseNewWebhook,
  parseWebhookChange,
  WebhookChangeSchema,
} from "./webhook-schema.ts";

export const getWebhooks = defineRoute({
  id: "listWebhooks",
  method: "GET",
  path: `${API}/webhooks`,
  access: byApiKey("read"),
  summary: "Endpoints, newest first",
  query: parsedQuery(PageQuerySchema),
  answers: { 200: pageOf(WebhookSchema) },
  handle: async ({ app, env, query }) => {
    const registry = getRegistryStub(env, app.id);
    const list = (before: string | null, limit: number) => registry.listWebhooks(before, limit);
    const { data, nextCursor } = await readPage(query, list, ({ id }) => id);
    const shown = data.map((webhook) => presentWebhook(env, app, webhook));
    return json({ data: await Promise.all(shown), nextCursor });
  },
});

export const postWebhook = defineRoute({
  id: "createWebhook",
  method: "POST",
  path: `${API}/webhooks`,
  access: byApiKey("manage"),
  summary: "Make an endpoint; this answer alone shows its secret",
  body: ownBody(NewWebhookSchema),
  answers: { 201: WebhookWithSecretSchema },
  errors: ["ERR_CONFLICT", "ERR_QUOTA_EXCEEDED"],
  examples: WEBHOOK_EXAMPLES,
  handle: async (call) => {
    const { app, actor, env, request } = call;
    const { enabled: isEnabled, ...fields } = parseNewWebhook(await readJson(request), call);
    const made = await makeSecret();
    const webhook = await changeApp(env, app.id, (registry) =>
      registry.createWebhook({ ...fields, isEnabled }, made, actor),
    );
    return json({ ...(await presentWebhook(env, app, webhook)), secret: made.secret }, 201);
  },
});

export const getWebhook = defineRoute({
  id: "getWebhook",
  method: "GET",
  path: `${API}/webhooks/:webhook`,
  access: byApiKey("read"),
  summary: "An endpoint",
  answers: { 200: WebhookSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) =>
    json(await presentWebhook(env, app, await requireWebhook(env, app, params.webhook))),
});

export const putWebhook = defineRoute({
  id: "updateWebhook",
  method: "PUT",
  path: `${API}/webhooks/:webhook`,
  access: byApiKey("manage"),
  summary: "Change url, description, events, enabled; what is absent stays",
  body: ownBody(WebhookChangeSchema),
  answers: { 200: WebhookSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async (call) => {
    const { app, actor, env, request, params } = call;
    const id = params.webhook;
    const body = await readJson(request);
    await requireWebhook(env, app, id);
    const { enabled: isEnabled, ...fields } = parseWebhookChange(body, call);
    const webhook = await changeApp(env, app.id, (registry) =>
      registry.updateWebhook(id, { ...fields, isEnabled }, actor),
    );
    return json(await presentWebhook(env, app, webhook));
  },
});

export const deleteWebhook = defineRoute({
  id: "deleteWebhook",
  method: "DELETE",
  path: `${API}/webhooks/:webhook`,
  access: byApiKey("manage"),
  summary: "Delete an endpoint with all that it was still to get",
  answers: { 200: DeletedSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, actor, env, params }) => {
    const { id } = await changeApp(env, app.id, (registry) => registry.deleteWebhook(params.webhook, actor));
    return json({ id, deleted: true });
  },
});

export const postWebhookSecret = defineRoute({
  ...ROTATION,
  id: "rotateWebhookSecret",
  path: `${API}/webhooks/:webhook/rotate-secret`,
  summary: "A new secret, which this answer alone shows; the old one signs for a while",
  answers: { 200: WebhookWithSecretSchema },
  handle: async ({ app, actor, env, params, body }) => {
    const { id } = await requireWebhook(env, app, params.webhook);
    const made = await makeSecret();
    const webhook = await changeApp(env, app.id, (registry) =>
      registry.rotateWebhookSecret(id, made, body.graceMs, actor),
    );
    return json({ ...(await presentWebhook(env, app, webhook)), secret: made.secret });
  },
});

export const getWebhookAttempts = defineRoute({
  id: "listWebhookAttempts",
  method: "GET",
  path: `${API}/webhooks/:webhook/attempts`,
  access: byApiKey("read"),
  summary: "Every call to the endpoint in 30 days, newest first",
  query: parsedQuery(PageQuerySchema),
  answers: { 200: pageOf(AttemptSchema) },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params, query }) => {
    const webhook = await requireWebhook(env, app, params.webhook);
    const endpoint = getEndpointStub(env, app.id, webhook.id);
    const list = (before: string | null, limit: number) => endpoint.listAttempts(before, limit);
    const { data, nextCursor } = await readPage(query, list, ({ id }) => id);
    return json({ data: data.map(presentAttempt), nextCursor });
  },
});

export const postWebhookTest = defineRoute({
  id: "testWebhook",
  method: "POST",
  path: `${API}/webhooks/:webhook/test`,
  access: byApiKey("manage"),
  summary: "Send a webhook.test event now, and say what came of it",
  answers: { 200: AttemptSchema },
  errors: ["ERR_NOT_FOUND"],
  examples: WEBHOOK_TEST_EXAMPLES,
  handle: async ({ app, env, params }) => {
    const { id } = await requireWebhook(env, app, params.webhook);
    return json(presentAttempt(requireValue(await getEndpointStub(env, app.id, id).sendTest())));
  },
});

export const postWebhookResend = defineRoute({
  id: "resendWebhookAttempt",
  method: "POST",
  path: `${API}/webhooks/:webhook/attempts/:attempt/resend`,
  access: byApiKey("manage"),
  summary: "Make an attempt's call again, under the same id",
  answers: { 200: AttemptSchema },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async (call) => {
    const { app, env, params } = call;
    const { id } = await requireWebhook(env, app, params.webhook);
    const resent = await getEndpointStub(env, app.id, id).resend(params.attempt);
    return json(presentAttempt(requireValue(resent)));
  },
});

/** The endpoint, or a 404. */
export async function requireWebhook(env: Bindings, app: AppRecord, id: string): Promise<Webhook> {
  return requireFound(await getRegistryStub(env, app.id).getWebhook(id), NO_WEBHOOK);
}

/** What the registry knows, and how the endpoint is doing, which its object knows. */
async function presentWebhook(env: Bindings, app: AppRecord, webhook: Webhook): Promise<object> {
  const { id, url, description, events, eventsPerCall, isEnabled, secretFingerprint, disabledReason } =
    webhook;
  const { failingSince, waiting, dropped } = await getEndpointStub(env, app.id, id).getState();
  return {
    id,
    url,
    description,
    events,
    eventsPerCall,
    enabled: isEnabled,
    secretFingerprint,
    previousSecretUntil: isoTime(webhook.previousSecretUntil),
    failingSince: isoTime(failingSince),
    disabledAt: isoTime(webhook.disabledAt),
    disabledReason,
    waitingEvents: waiting,
    droppedEvents: dropped,
    createdAt: isoTime(webhook.createdAt),
    updatedAt: isoTime(webhook.updatedAt),
  };
}

function presentAttempt({ at, nextAttemptAt, ...attempt }: Attempt): object {
  return { ...attempt, at: isoTime(at), nextAttemptAt: isoTime(nextAttemptAt) };
}
