import { createPrivateKey } from "node:crypto";
import { importPKCS8, SignJWT } from "jose";
import webPush from "web-push";
import type { Device, FakeProject } from "./client.ts";

/**
 * Right requests to each provider, made without the fake's code or Onecall's: the tests of the fake send
 * these, and send them spoilt.
 */

export type Claims = Record<string, string | number | undefined>;
export interface Sent {
  url: string;
  method?: string;
  headers: Record<string, string | undefined>;
  body?: string | Buffer;
}
export interface Answered {
  status: number;
  headers: Headers;
  text: string;
}

const HOUR = 3600;

export interface TokenRequest {
  claims: Claims;
  grantType: string;
  contentType: string;
  assertion?: string;
  spoilSignature?: boolean;
}

export async function requestToken(
  project: FakeProject,
  change: (input: TokenRequest) => void = () => {},
): Promise<Answered> {
  const { client_email, private_key, token_uri } = project.credentials.fcm;
  const scope = "https://www.googleapis.com/auth/firebase.messaging";
  const input: TokenRequest = {
    claims: { iss: client_email, aud: token_uri, scope, iat: now(), exp: now() + HOUR },
    grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    contentType: "application/x-www-form-urlencoded",
  };
  change(input);
  const signed = await sign("RS256", await importPKCS8(private_key, "RS256"), input.claims);
  const assertion =
    input.assertion ?? (input.spoilSignature ? signed.replace(/\.[^.]{4}([^.]*)$/, ".AAAA$1") : signed);
  const form = new URLSearchParams({ grant_type: input.grantType, assertion });
  return send({ url: token_uri, headers: { "content-type": input.contentType }, body: form.toString() });
}

export function fcmRequest(
  project: FakeProject,
  access: string,
  device?: Device<"fcm">,
  message: object = {},
): Sent {
  return {
    url: `${originOf(project)}/fcm/v1/projects/${project.credentials.fcm.project_id}/messages:send`,
    headers: { authorization: `Bearer ${access}`, "content-type": "application/json" },
    body: JSON.stringify({ message: { token: device?.token, ...message } }),
  };
}

export async function apnsJwt(
  project: FakeProject,
  claims: Claims = {},
  header: Claims = {},
): Promise<string> {
  const { keyId, teamId, privateKey } = project.credentials.apns;
  const key = await importPKCS8(privateKey, "ES256");
  return sign("ES256", key, { iss: teamId, iat: now(), ...claims }, { kid: keyId, ...header });
}

export function apnsRequest(
  url: string,
  jwt: string,
  device?: Device<"apns">,
  headers: Sent["headers"] = {},
): Sent {
  return {
    url: `${url}/${device?.sandbox ? "apns-sandbox" : "apns"}/3/device/${device?.token}`,
    headers: {
      authorization: `bearer ${jwt}`,
      "apns-topic": device?.topic,
      "apns-push-type": "alert",
      ...headers,
    },
    body: JSON.stringify({ aps: { alert: { title: "Hello" } } }),
  };
}

export function webPushRequest(
  project: FakeProject,
  device?: Device<"webpush">,
  payload: unknown = { title: "Hello" },
): Sent & { body: Buffer } {
  if (!device) {
    throw new Error("There is no device.");
  }
  const { subject, publicKey, privateKey } = project.credentials.webpush;
  const { headers, body } = webPush.generateRequestDetails(device, JSON.stringify(payload), {
    vapidDetails: { subject, publicKey, privateKey },
    contentEncoding: "aes128gcm",
    TTL: 60,
    topic: "n-1",
  });
  const { "Content-Length": _, ...sent } = headers;
  return { url: device.endpoint, headers: sent, body: body ?? Buffer.alloc(0) };
}

export async function vapidHeader(project: FakeProject, claims: Claims = {}): Promise<string> {
  const { publicKey, privateKey, subject } = project.credentials.webpush;
  const point = Buffer.from(publicKey, "base64url");
  const [x, y] = [point.subarray(1, 33).toString("base64url"), point.subarray(33).toString("base64url")];
  const key = createPrivateKey({ key: { kty: "EC", crv: "P-256", x, y, d: privateKey }, format: "jwk" });
  const jwt = await sign("ES256", key, {
    aud: originOf(project),
    exp: now() + HOUR,
    sub: subject,
    ...claims,
  });
  return `vapid t=${jwt}, k=${publicKey}`;
}

function sign(
  alg: string,
  key: Parameters<SignJWT["sign"]>[0],
  claims: Claims,
  header: Claims = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(key);
}

export async function send({ url, method = "POST", headers, body }: Sent): Promise<Answered> {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, `${value}`]],
  );
  const response = await fetch(url, {
    method,
    headers: Object.fromEntries(given),
    ...(body !== undefined && { body: typeof body === "string" ? body : new Uint8Array(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function originOf(project: FakeProject): string {
  return new URL(project.credentials.fcm.token_uri).origin;
}

export function now(): number {
  return Math.floor(Date.now() / 1000);
}
