import { createHash } from "node:crypto";
import { timeOfId } from "../../model/ids.ts";
import type { Dispatch } from "../channel.ts";

/** A delivery as it is signed and posted. */
export interface WebhookMessage {
  /** Of the delivery: whenever it is sent, so that a receiver knows what it has. */
  id: string;
  body: string;
}

/**
 * The message that a delivery is: the same bytes whenever it is sent. Its content stands in it as the template's
 * rendering wrote it.
 */
export function writeMessage({ appId, channelKey, userId, content, notification }: Dispatch): WebhookMessage {
  const { id: notificationId, pushData } = notification;
  const timestamp = new Date(timeOfId(notificationId)).toISOString();
  const subject = JSON.stringify({ notificationId, channelKey, userId });
  const data = `${subject.slice(0, -1)},"content":${content},"data":${JSON.stringify(pushData)}}`;
  return {
    id: idOf([appId, notificationId, channelKey, userId]),
    body: `{"type":"notification","timestamp":${JSON.stringify(timestamp)},"data":${data}}`,
  };
}

/** User ids have any characters; a header's value, and what is signed, hasn't. */
function idOf(parts: readonly string[]): string {
  return `msg_${createHash("sha256").update(JSON.stringify(parts)).digest("base64url")}`;
}
