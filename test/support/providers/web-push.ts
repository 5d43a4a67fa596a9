import type { IncomingHttpHeaders } from "node:http";
import ece from "http_ece";
import { type Answer, htmlAnswer, jsonAnswer } from "./answers.ts";
import type { JwtVerifier } from "./jwt.ts";
import type { Registry, WebPushDevice } from "./projects.ts";
import type { PushRequest, PushService, Refusal, ValidPush } from "./push-service.ts";
import { faultOfVapid, parseVapid } from "./vapid.ts";

/** What a push service must take: https://www.rfc-editor.org/rfc/rfc8030#section-7.2 */
const MAX_BODY_BYTES = 4096;
/** Of RFC 8188's header: salt 16, record size 4, key id length 1. */
const RECORD_SIZE_AT = 16;
const KEY_LENGTH_AT = 20;
const KEY_AT = 21;
/** A P-256 point, uncompressed. */
const KEY_BYTES = 65;
/** One byte of padding and the authentication tag. */
const MIN_RECORD_BYTES = 18;

const MESSAGES = new Map<number, string>([
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Subscription not found"],
  [405, "Method Not Allowed"],
  [410, "Request did not validate: subscription has expired or was cancelled"],
  [413, "Payload too large"],
  [429, "Too many requests"],
  [500, "Internal server error"],
  [503, "Service unavailable"],
]);

/** A push service of RFC 8030 with VAPID (RFC 8292) and message encryption (RFC 8291). */
export function webPushService(registry: Registry, verifier: JwtVerifier): PushService {
  const deviceOf = (request: PushRequest) => registry.webPushDevices.get(request.path.slice(1));
  const locate = (request: PushRequest) =>
    deviceOf(request)?.project ??
    registry.byVapidKey.get(parseVapid(request.headers.authorization)?.key ?? "");

  const judge = async (request: PushRequest, body: Buffer): Promise<Refusal | ValidPush> => {
    const endpoint = `${registry.url}/webpush${request.path}`;
    const refuse = (status: number, reason: string): Refusal => ({
      refused: errorAnswer(status, reason),
      reason,
      device: endpoint,
    });
    if (request.method !== "POST") return refuse(405, "not a POST");
    const device = deviceOf(request);
    if (!device) return refuse(404, "unknown subscription");
    const { headers } = request;
    if (headers.authorization === undefined) {
      return refuse(401, "no Authorization");
    }
    const forbidden = await faultOfAuthorization(headers.authorization, device, registry.url, verifier);
    if (forbidden) {
      return refuse(403, forbidden);
    }
    if (body.length > MAX_BODY_BYTES) {
      return refuse(413, `the body has ${body.length} bytes, more than ${MAX_BODY_BYTES}`);
    }
    const fault = faultOfHeaders(headers) ?? faultOfEncryption(body);
    if (fault) {
      return refuse(400, fault);
    }
    const plaintext = decrypt(body, device);
    if (plaintext === null) {
      return refuse(400, "the body can't be decrypted with the subscription's keys");
    }
    const answer = {
      status: 201,
      headers: { location: `${endpoint}/message`, ttl: text(headers.ttl) ?? "0" },
    };
    return { device, payload: parsePayload(plaintext), key: text(headers.topic) ?? null, answer };
  };

  return {
    provider: "webpush",
    locate,
    judge,
    answerWith: (status) => (status < 300 ? { status } : errorAnswer(status)),
    answerGone: () => errorAnswer(410),
  };
}

async function faultOfAuthorization(
  authorization: string,
  { project }: WebPushDevice,
  url: string,
  verifier: JwtVerifier,
): Promise<string | null> {
  const vapid = parseVapid(authorization);
  if (vapid === null) return "Authorization isn't vapid t=…, k=…";
  return faultOfVapid(vapid, project, url, verifier);
}

/** Mozilla's form; the body isn't standardised. */
function errorAnswer(code: number, message = MESSAGES.get(code)): Answer {
  return message === undefined ? htmlAnswer(code) : jsonAnswer(code, { code, message });
}

function faultOfHeaders(headers: IncomingHttpHeaders): string | null {
  if (!/^\d+$/.test(text(headers.ttl) ?? "")) {
    return "TTL must be a number of seconds";
  }
  if (!/^(very-low|low|normal|high)$/.test(text(headers.urgency) ?? "normal")) {
    return "Urgency must be very-low, low, normal or high";
  }
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(text(headers.topic) ?? "none")) {
    return "Topic must be 1 to 32 characters of base64url";
  }
  return headers["content-encoding"] === "aes128gcm" ? null : "Content-Encoding must be aes128gcm";
}

/** RFC 8188's header block; RFC 8291 has the sender's key in it and exactly one record after it. */
function faultOfEncryption(body: Buffer): string | null {
  if (body.length < KEY_AT + KEY_BYTES + MIN_RECORD_BYTES) {
    return "the body is too short for an aes128gcm header and a record";
  }
  if (body[KEY_LENGTH_AT] !== KEY_BYTES || body[KEY_AT] !== 4) {
    return "the key id must be an uncompressed P-256 key of 65 bytes";
  }
  const recordSize = body.readUInt32BE(RECORD_SIZE_AT);
  if (recordSize < MIN_RECORD_BYTES) {
    return `the record size must be at least ${MIN_RECORD_BYTES}`;
  }
  return body.length - KEY_AT - KEY_BYTES > recordSize ? "there must be exactly one record" : null;
}

function decrypt(body: Buffer, { privateKey, device }: WebPushDevice): Buffer | null {
  try {
    return ece.decrypt(body, { version: "aes128gcm", privateKey, authSecret: device.keys.auth });
  } catch {
    return null;
  }
}

/** A push may be anything; Onecall's are JSON. */
function parsePayload(plaintext: Buffer): unknown {
  const payload = plaintext.toString();
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}
