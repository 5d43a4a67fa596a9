import type { AudienceIndex } from "../audiences/store.ts";
import type { Bindings } from "../env.ts";
import type { Idempotency } from "../http/idempotency.ts";
import type { AppRecord, KeyRecord } from "../model/app.ts";
import type { AudienceRef, CallOrigin, NotificationHeader } from "../model/notification.ts";
import type { SendRequest } from "../model/send-request.ts";
import type { SendableTemplate } from "../model/template.ts";

/** Who sends, and what the send may use. */
export interface SendContext {
  env: Bindings;
  execution: Pick<ExecutionContext, "waitUntil">;
  app: AppRecord;
  key: KeyRecord;
  via: CallOrigin;
  idempotency: Idempotency | null;
}

/** A send that is checked and about to be committed. */
export interface PreparedSend {
  header: NotificationHeader;
  request: SendRequest;
  template: SendableTemplate;
  /** The app with its channels as they are now. */
  app: AppRecord;
  /** The uploaded audience, where the request names one. */
  file: OpenedTargetsFile | null;
}

/** An uploaded audience with its index: all that a send reads of it, whatever its size. */
export interface OpenedTargetsFile {
  audience: AudienceRef;
  index: AudienceIndex;
}
