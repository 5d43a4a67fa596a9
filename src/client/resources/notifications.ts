import type { Delivery, Notification, SentBatch, SentRealtime } from "../api-types.ts";
import { makeKey } from "../idempotency.ts";
import type { CallOptions, SendCallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { api, type Body, type Query, Resource } from "../requests.ts";
import type { TemplateKey, VariablesOf } from "../template-variables.ts";
import { type Progress, watchProgress } from "../watch.ts";

/** What every kind of send may say. */
export interface SendOptions extends SendCallOptions {
  title?: string;
  tag?: string;
  priority?: "high" | "normal" | "low";
  /** After it, nothing is delivered any more. */
  expiresAt?: Date | string;
  notificationPushData?: Readonly<Record<string, string | number | boolean>>;
}

export interface RealtimeOptions extends SendOptions {
  /** The user's id. */
  to: string;
}

export interface FileOptions<Key extends string = string> extends SendOptions {
  /** Values in place of the file's, by user. */
  variables?: Readonly<Record<string, Partial<VariablesOf<Key>>>>;
}

/** Variables by user; or users alone, where the template needs no variables. */
export type Recipients<Key extends string = string> =
  | Readonly<Record<string, VariablesOf<Key>>>
  // biome-ignore lint/complexity/noBannedTypes: whatever has no required field
  | ({} extends VariablesOf<Key> ? readonly string[] : never);

export class Notifications extends Resource {
  /** Sends a template to one user: it is stored when this resolves. */
  send<Key extends TemplateKey>(
    template: Key,
    variables: VariablesOf<Key>,
    { to, ...options }: RealtimeOptions,
  ): Promise<SentRealtime> {
    return this.#send({ mode: "realtime", targets: [to], template: { key: template, variables } }, options);
  }

  /** Sends to up to 10,000 users in the background; {@link watch} tells how far it is. */
  sendBatch<Key extends TemplateKey>(
    template: Key,
    recipients: Recipients<Key>,
    options: SendOptions = {},
  ): Promise<SentBatch> {
    const to = Array.isArray(recipients)
      ? { targets: recipients }
      : { targets: Object.keys(recipients), variables: recipients };
    const { targets, variables } = to;
    return this.#send({ mode: "batch", targets, template: { key: template, variables } }, options);
  }

  /** Sends to the up to 100,000 users of a targets file: its key, or what `files.upload` resolved to. */
  sendFile<Key extends TemplateKey>(
    template: Key,
    file: string | { fileKey: string },
    { variables, ...options }: FileOptions<Key> = {},
  ): Promise<SentBatch> {
    const targetsFile = typeof file === "string" ? file : file.fileKey;
    return this.#send({ mode: "batch", targetsFile, template: { key: template, variables } }, options);
  }

  /** Newest first. */
  list(query?: Query<"listNotifications">, options?: CallOptions): Pages<Notification> {
    return this.requests.list<"listNotifications">(api`/notifications`, options, query);
  }

  get(id: string, options?: CallOptions): Promise<Notification> {
    return this.requests.get(api`/notifications/${id}`, options);
  }

  /** Sends again to what failed. It isn't repeated by itself where its answer is lost. */
  retry(id: string, body: Body<"retryNotification"> = {}, options?: CallOptions): Promise<Notification> {
    return this.requests.post(api`/notifications/${id}/retry`, options, body);
  }

  /** State and counts, each time that they change, until the notification is completed. */
  watch(id: string, options?: CallOptions): AsyncGenerator<Progress, void, undefined> {
    return watchProgress(this.requests, api`/notifications/${id}`, options);
  }

  /** Target by target. */
  deliveries(id: string, query?: Query<"listDeliveries">, options?: CallOptions): Pages<Delivery> {
    return this.requests.list<"listDeliveries">(api`/notifications/${id}/deliveries`, options, query);
  }

  /** All deliveries as a CSV; of those that failed, with `{status: "failed"}`, one to mend and to upload again. */
  exportDeliveries(id: string, query?: Query<"exportDeliveries">, options?: CallOptions): Promise<string> {
    return this.requests.text(
      api`/notifications/${id}/deliveries.csv`,
      { timeoutMs: CSV_TIMEOUT_MS, ...options },
      query,
    );
  }

  #send<Sent>(
    body: object,
    { signal, timeoutMs, maxRetries, idempotencyKey, ...fields }: SendOptions,
  ): Promise<Sent> {
    return this.requests.make(
      {
        method: "POST",
        path: api`/notifications/send`,
        body: { ...body, ...fields },
        // Made here, once: all tries of this call are one send.
        headers: { "idempotency-key": idempotencyKey ?? makeKey() },
        isRepeatable: true,
      },
      { signal, timeoutMs, maxRetries },
    );
  }
}

/** A hundred thousand rows. */
const CSV_TIMEOUT_MS = 300_000;
