import { htmlAnswer, jsonAnswer } from "./answers.ts";
import { isFcmToken } from "./devices.ts";
import { fcmErrorAnswer, invalidArgumentAnswer, unauthenticatedAnswer } from "./fcm-errors.ts";
import { type FcmMessage, parseFcmMessage } from "./fcm-message.ts";
import type { AccessToken, Registry } from "./projects.ts";
import type { PushRequest, PushService, Refusal, ValidPush } from "./push-service.ts";

const PATH = /^\/v1\/projects\/([^/]+)\/messages:send$/;
/** https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type */
const MAX_PAYLOAD_BYTES = 4096;

/** FCM HTTP v1. Its base path is `/fcm`. */
export function fcmService(registry: Registry): PushService {
  let messageNumber = 0;
  const projectOf = (request: PushRequest) => registry.byId.get(PATH.exec(request.path)?.[1] ?? "");
  const locate = (request: PushRequest) => projectOf(request) ?? accessTokenOf(registry, request)?.project;

  const judge = async (request: PushRequest, body: Buffer): Promise<Refusal | ValidPush> => {
    if (!PATH.test(request.path)) {
      return { refused: htmlAnswer(404), reason: "unknown path", device: null };
    }
    if (request.method !== "POST") {
      return { refused: htmlAnswer(405), reason: "not a POST", device: null };
    }
    const project = projectOf(request);
    const access = accessTokenOf(registry, request);
    if (!project || access?.project !== project || access.expiresAt <= Date.now()) {
      return { refused: unauthenticatedAnswer(), reason: describeAccess(access), device: null };
    }
    const message = parseMessage(request, body);
    if ("fault" in message) {
      return refuse(message.fault, null);
    }
    const token = message.token ?? "";
    const fault = faultOf(message);
    if (fault) {
      return refuse(fault, token);
    }
    const device = registry.fcmDevices.get(token);
    if (!device) {
      return { refused: fcmErrorAnswer(404), reason: "UNREGISTERED", device: token };
    }
    if (device.project !== project) {
      return { refused: fcmErrorAnswer(403), reason: "SENDER_ID_MISMATCH", device: token };
    }
    messageNumber += 1;
    const answer = jsonAnswer(200, { name: `projects/${project.id}/messages/${messageNumber}` });
    return { device, payload: message, key: message.android?.notification?.tag ?? null, answer };
  };

  return { provider: "fcm", locate, judge, answerWith: fcmAnswerWith, answerGone: () => fcmErrorAnswer(404) };
}

function fcmAnswerWith(status: number) {
  return status < 300 ? jsonAnswer(status, { name: "projects/fake/messages/0" }) : fcmErrorAnswer(status);
}

function accessTokenOf(registry: Registry, { headers }: PushRequest): AccessToken | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
  return bearer === undefined ? undefined : registry.accessTokens.get(bearer);
}

function describeAccess(access: AccessToken | undefined): string {
  if (!access) {
    return "UNAUTHENTICATED: no access token that was issued here";
  }
  const isExpired = access.expiresAt <= Date.now();
  return `UNAUTHENTICATED: the access token ${isExpired ? "has expired" : "is another project's"}`;
}

function parseMessage({ headers }: PushRequest, body: Buffer): FcmMessage | { fault: string } {
  if (!/^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "")) {
    return { fault: "The content type must be application/json." };
  }
  return parseFcmMessage(body.toString());
}

function faultOf({ token, topic, condition, notification, data }: FcmMessage): string | null {
  if (topic !== undefined || condition !== undefined) {
    return "Exactly one target, token, must be set here.";
  }
  if (token === undefined) {
    return "Recipient of the message is not set.";
  }
  if (!isFcmToken(token)) {
    return "The registration token is not a valid FCM registration token";
  }
  return jsonBytes(notification) + jsonBytes(data) > MAX_PAYLOAD_BYTES ? "Message too big" : null;
}

function jsonBytes(value: object | undefined): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

function refuse(fault: string, device: string | null): Refusal {
  return { refused: invalidArgumentAnswer(fault), reason: `INVALID_ARGUMENT: ${fault}`, device };
}
