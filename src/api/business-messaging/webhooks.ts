import * as v from "valibot";
import type { Bindings } from "../../env.ts";
import { authenticate } from "../../http/auth.ts";
import { readJson, readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { parseInput, queryOf } from "../../http/validation.ts";
import { changeApp } from "../../managing/change-app.ts";
import type { AppRecord } from "../../model/app.ts";
import { OnecallError } from "../../model/errors.ts";
import type { Attempt, Webhook } from "../../model/webhook.ts";
import { makeSecret } from "../../model/webhook-secrets.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { getEndpointStub } from "../../objects/webhook-endpoint/contract.ts";
import { parseNewWebhook, parseWebhookChange, RotationSchema } from "./webhook-schema.ts";

const HOUR_MS = 60 * 60 * 1000;

const ListQuerySchema = v.object({ limit: LimitSchema, cursor: v.optional(v.string()) });

/** `GET {api}/webhooks`: newest first. */
export const getWebhooks: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { limit, cursor } = parseInput(ListQuerySchema, queryOf(context.url));
  const before = decodeCursor(cursor, 1)?.[0] ?? null;
  const rows = await getRegistryStub(context.env, app.id).listWebhooks(before, limit + 1);
  const { data, nextCursor } = toPage(rows, limit, ({ id }) => [id]);
  return json({
    data: await Promise.all(data.map((webhook) => presentWebhook(context.env, app, webhook))),
    nextCursor,
  });
};

/** `POST {api}/webhooks`: the answer alone shows the secret. */
export const postWebhook: Handler = async (request, context) => {
  const { env } = context;
  const { app, actor } = await authenticate(request, context, "manage");
  const { enabled: isEnabled, ...fields } = parseNewWebhook(await readJson(request), context);
  const made = await makeSecret();
  const webhook = await changeApp(env, app.id, (registry) =>
    registry.createWebhook({ ...fields, isEnabled }, made, actor),
  );
  return json({ ...(await presentWebhook(env, app, webhook)), secret: made.secret }, 201);
};

/** `GET {api}/webhooks/{id}` */
export const getWebhook: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const webhook = await requireWebhook(context.env, app, pathParam(request, "webhook"));
  return json(await presentWebhook(context.env, app, webhook));
};

/** `PUT {api}/webhooks/{id}`: url, description, events, enabled; what is absent stays. */
export const putWebhook: Handler = async (request, context) => {
  const { env } = context;
  const { app, actor } = await authenticate(request, context, "manage");
  const id = pathParam(request, "webhook");
  const body = await readJson(request);
  await requireWebhook(env, app, id);
  const { enabled: isEnabled, ...fields } = parseWebhookChange(body, context);
  const webhook = await changeApp(env, app.id, (registry) =>
    registry.updateWebhook(id, { ...fields, isEnabled }, actor),
  );
  return json(await presentWebhook(env, app, webhook));
};

/** `DELETE {api}/webhooks/{id}`: with all that it was still to get. */
export const deleteWebhook: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "manage");
  const { id } = await changeApp(context.env, app.id, (registry) =>
    registry.deleteWebhook(pathParam(request, "webhook"), actor),
  );
  return json({ id, deleted: true });
};

/** `POST {api}/webhooks/{id}/rotate-secret`: the answer alone shows the new one; the old one signs for a while. */
export const postWebhookSecret: Handler = async (request, context) => {
  const { env } = context;
  const { app, actor } = await authenticate(request, context, "manage");
  const id = pathParam(request, "webhook");
  const body = await readOptionalJson(request);
  await requireWebhook(env, app, id);
  const { gracePeriodHours } = parseInput(RotationSchema, body);
  const made = await makeSecret();
  const webhook = await changeApp(env, app.id, (registry) =>
    registry.rotateWebhookSecret(id, made, gracePeriodHours * HOUR_MS, actor),
  );
  return json({ ...(await presentWebhook(env, app, webhook)), secret: made.secret });
};

/** `GET {api}/webhooks/{id}/attempts`: every call to the endpoint in 30 days, newest first. */
export const getWebhookAttempts: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { limit, cursor } = parseInput(ListQuerySchema, queryOf(context.url));
  const before = decodeCursor(cursor, 1)?.[0] ?? null;
  const { id } = await requireWebhook(context.env, app, pathParam(request, "webhook"));
  const rows = await getEndpointStub(context.env, app.id, id).listAttempts(before, limit + 1);
  const { data, nextCursor } = toPage(rows, limit, (attempt) => [attempt.id]);
  return json({ data: data.map(presentAttempt), nextCursor });
};

/** `POST {api}/webhooks/{id}/test`: sends a `webhook.test` event now; answers what came of it. */
export const postWebhookTest: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { id } = await requireWebhook(context.env, app, pathParam(request, "webhook"));
  const attempt = await getEndpointStub(context.env, app.id, id).sendTest();
  if (attempt === null) throw webhookNotFound();
  return json(presentAttempt(attempt));
};

/** `POST {api}/webhooks/{id}/attempts/{attemptId}/resend`: the attempt's call again, under the same id. */
export const postWebhookResend: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { id } = await requireWebhook(context.env, app, pathParam(request, "webhook"));
  const attempt = await getEndpointStub(context.env, app.id, id).resend(pathParam(request, "attempt"));
  if (attempt === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such attempt.");
  if (attempt === "sent") {
    const message = "Nothing of this call is kept: the endpoint has taken it, or it has ended.";
    throw new OnecallError("ERR_CONFLICT", message);
  }
  return json(presentAttempt(attempt));
};

async function requireWebhook(env: Bindings, app: AppRecord, id: string): Promise<Webhook> {
  const webhook = await getRegistryStub(env, app.id).getWebhook(id);
  if (webhook === null) throw webhookNotFound();
  return webhook;
}

function webhookNotFound(): OnecallError {
  return new OnecallError("ERR_NOT_FOUND", "There is no such webhook.");
}

/** What the registry knows, and how the endpoint is doing, which its object knows. */
async function presentWebhook(env: Bindings, app: AppRecord, webhook: Webhook): Promise<object> {
  const { id, url, description, events, eventsPerCall, isEnabled, secretFingerprint, disabledReason } =
    webhook;
  const { failingSince, waiting, dropped } = await getEndpointStub(env, app.id, id).getState();
  return {
    ...{ id, url, description, events, eventsPerCall, enabled: isEnabled, secretFingerprint },
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
