import { maskKey } from "./app.ts";
import type { CallOrigin, NotificationHeader } from "./notification.ts";
import { OPERATOR_SENDER } from "./session.ts";

/** Who sent a notification, as it may be shown. */
export interface ShownSender {
  type: "api_key" | "admin";
  /** Masked; null for the operator. */
  key: string | null;
  /** Null for the operator, and where an earlier version accepted the send. */
  keyId: string | null;
  /** What the key was called. */
  name: string | null;
  /** Null where an earlier version accepted the send. */
  via: CallOrigin | null;
}

export function senderOf({ sentFrom, sender }: Pick<NotificationHeader, "sentFrom" | "sender">): ShownSender {
  const { keyId = null, keyName: name = null, via = null } = sender ?? {};
  if (sentFrom === OPERATOR_SENDER) return { type: "admin", key: null, keyId, name, via };
  return { type: "api_key", key: maskKey(sentFrom), keyId, name, via };
}
