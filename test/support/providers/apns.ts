import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import * as v from "valibot";
import { type ApnsReason, apnsAnswerWith, apnsErrorAnswer } from "./apns-errors.ts";
import { faultOfProviderToken, providerTokenOf } from "./apns-token.ts";
import { type JwtVerifier, keyIdOf } from "./jwt.ts";
import type { ApnsDevice, Project, Registry } from "./projects.ts";
import type { PushRequest, PushService, Refusal, ValidPush } from "./push-service.ts";

const PATH = /^\/3\/device\/([^/]+)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PUSH_TYPES = new Set([
  "alert",
  "background",
  "voip",
  "location",
  "complication",
  "fileprovider",
  "mdm",
  "liveactivity",
  "pushtotalk",
]);
/** https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification */
const MAX_PAYLOAD_BYTES = 4096;
const MAX_COLLAPSE_ID_BYTES = 64;

const payloadSchema = v.looseObject({ aps: v.looseObject({}) });

/**
 * APNs, over HTTP/1.1 where the real one wants HTTP/2. One environment for each base path: `/apns` is the
 * production, `/apns-sandbox` the sandbox.
 */
export function apnsService(registry: Registry, verifier: JwtVerifier, sandbox: boolean): PushService {
  const deviceOf = (request: PushRequest) => registry.apnsDevices.get(PATH.exec(request.path)?.[1] ?? "");
  const locate = (request: PushRequest): Project | undefined =>
    deviceOf(request)?.project ??
    registry.byApnsKeyId.get(keyIdOf(providerTokenOf(request.headers) ?? "") ?? "");

  const judge = async (request: PushRequest, body: Buffer): Promise<Refusal | ValidPush> => {
    const { headers } = request;
    const apnsId = text(headers["apns-id"]) ?? randomUUID().toUpperCase();
    const token = PATH.exec(request.path)?.[1] ?? null;
    const refuse = (reason: ApnsReason): Refusal => ({
      refused: apnsErrorAnswer(reason, UUID.test(apnsId) ? apnsId : randomUUID().toUpperCase()),
      reason,
      device: token,
    });
    const device = deviceOf(request);
    const fault =
      faultOfRequest(request.method, token) ??
      (await faultOfProviderToken(headers, locate(request), verifier)) ??
      faultOfHeaders(headers) ??
      faultOfBody(body) ??
      faultOfTarget(headers, device, sandbox);
    if (fault) {
      return refuse(fault);
    }
    const payload = v.safeParse(payloadSchema, parseJson(body));
    if (!payload.success || !device) {
      return refuse(body.toString().trim() === "{}" ? "PayloadEmpty" : "BadPayload");
    }
    const key = text(headers["apns-collapse-id"]) ?? null;
    return { device, payload: payload.output, key, answer: { status: 200, headers: { "apns-id": apnsId } } };
  };

  return {
    provider: "apns",
    locate,
    judge,
    answerWith: (status) => apnsAnswerWith(status, randomUUID().toUpperCase()),
    answerGone: (goneAt) => apnsErrorAnswer("Unregistered", randomUUID().toUpperCase(), goneAt),
  };
}

function faultOfRequest(method: string, token: string | null): ApnsReason | null {
  if (token === null) {
    return "BadPath";
  }
  return method === "POST" ? null : "MethodNotAllowed";
}

function faultOfHeaders(headers: IncomingHttpHeaders): ApnsReason | null {
  const id = text(headers["apns-id"]);
  const expiration = text(headers["apns-expiration"]);
  const priority = text(headers["apns-priority"]) ?? "10";
  const collapseId = text(headers["apns-collapse-id"]) ?? "";
  const type = text(headers["apns-push-type"]) ?? "";
  if (id !== undefined && !UUID.test(id)) {
    return "BadMessageId";
  }
  if (expiration !== undefined && !/^\d+$/.test(expiration)) {
    return "BadExpirationDate";
  }
  if (!/^(1|5|10)$/.test(priority)) {
    return "BadPriority";
  }
  if (Buffer.byteLength(collapseId) > MAX_COLLAPSE_ID_BYTES) {
    return "BadCollapseId";
  }
  if (!PUSH_TYPES.has(type)) {
    return "InvalidPushType";
  }
  // A background push always has priority 5; without the header it would be 10.
  return type === "background" && priority !== "5" ? "BadPriority" : null;
}

function faultOfBody(body: Buffer): ApnsReason | null {
  if (body.length === 0) {
    return "PayloadEmpty";
  }
  return body.length > MAX_PAYLOAD_BYTES ? "PayloadTooLarge" : null;
}

function faultOfTarget(
  headers: IncomingHttpHeaders,
  device: ApnsDevice | undefined,
  sandbox: boolean,
): ApnsReason | null {
  const topic = text(headers["apns-topic"]);
  if (!topic) {
    return "MissingTopic";
  }
  // Unknown, not hex, or a token of the other environment: APNs has one word for them.
  if (device?.device.sandbox !== sandbox) {
    return "BadDeviceToken";
  }
  return topic === device.device.topic ? null : "DeviceTokenNotForTopic";
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
