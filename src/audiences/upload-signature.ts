import * as v from "valibot";
import { APP_ID_PATTERN } from "../model/credentials.ts";
import { MAX_FILE_BYTES, TARGETS_FILE_TTL_MS, UPLOAD_URL_TTL_MS } from "../model/limits.ts";
import { type Outcome, refuse, succeed } from "../model/outcome.ts";

/** Upload permissions: the seed's field names, with our own policy and signature. Pure but for WebCrypto. */

const ALGORITHM = "HMAC-SHA256";

/** What the signature covers. Times in Unix ms. */
const PolicySchema = v.object({
  appId: v.string(),
  fileKey: v.string(),
  mayOverwrite: v.boolean(),
  maxBytes: v.number(),
  /** By which rule the file's user ids are taken: that of the family that gave the permission. Absent: as they are. */
  foldsUserIds: v.optional(v.boolean()),
  /** Until when the URL can be used. */
  usableUntil: v.number(),
  /** Of the root secret that the signature's key comes from; the first where it lacks. */
  generation: v.optional(v.number()),
  /** The API key that gave the permission, for the audit log. Forms of an earlier release lack it for an hour. */
  presignedBy: v.optional(v.object({ key: v.nullable(v.string()), keyId: v.nullable(v.string()) })),
});
export type UploadPolicy = v.InferOutput<typeof PolicySchema>;

/** The fields of the multipart form, as seed 004 names them. */
export type UploadFields = Record<string, string>;

/** Why a form's fields are no permission. */
export const MISSING_FIELDS = refuse(
  "ERR_FORBIDDEN",
  "The form lacks the presigned fields; send them all, unchanged, before the file.",
);
const FORGED_FIELDS = refuse(
  "ERR_FORBIDDEN",
  "The presigned fields were changed, or one is missing or added; send exactly those that were returned.",
);
export const EXPIRED_FIELDS = refuse("ERR_FORBIDDEN", "The presigned URL has expired; request a new one.");

/** The fields that let their holder upload one file. */
export async function signUpload(
  secret: string,
  upload: Omit<UploadPolicy, "maxBytes" | "usableUntil">,
  now: number,
): Promise<UploadFields> {
  const policy: UploadPolicy = { ...upload, maxBytes: MAX_FILE_BYTES, usableUntil: now + UPLOAD_URL_TTL_MS };
  const encoded = new TextEncoder().encode(JSON.stringify(policy)).toBase64();
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const fields = {
    Expires: new Date(now + TARGETS_FILE_TTL_MS).toISOString(),
    "Content-Type": "text/csv",
    key: `targets/${upload.appId}/${upload.fileKey}`,
    "x-amz-algorithm": ALGORITHM,
    "x-amz-credential": `${upload.appId}/${date.slice(0, 8)}/onecall/upload`,
    "x-amz-date": date,
    policy: encoded,
  };
  return { ...fields, "x-amz-signature": await sign(secret, fields) };
}

/** The app that fields say they are of; believed only for finding its secret. */
export function appIdOfFields(fields: UploadFields): string | null {
  const appId = readPolicy(fields)?.appId;
  return appId !== undefined && APP_ID_PATTERN.test(appId) ? appId : null;
}

/** The generation of the root secret that fields say they are signed with. */
export function generationOfFields(fields: UploadFields): number {
  return readPolicy(fields)?.generation ?? 1;
}

/** The policy of unchanged fields that are still usable. */
export async function verifyUpload(
  secret: string,
  fields: UploadFields,
  now: number,
): Promise<Outcome<UploadPolicy>> {
  const { "x-amz-signature": given, ...signed } = fields;
  const policy = readPolicy(fields);
  if (given === undefined || policy === null) return MISSING_FIELDS;
  const { subtle } = crypto;
  const isRight = await subtle.verify("HMAC", await importKey(secret), fromHex(given), payload(signed));
  if (!isRight) return FORGED_FIELDS;
  return policy.usableUntil > now ? succeed(policy) : EXPIRED_FIELDS;
}

function readPolicy(fields: UploadFields): UploadPolicy | null {
  try {
    const bytes = Uint8Array.fromBase64(fields.policy ?? "");
    const result = v.safeParse(PolicySchema, JSON.parse(new TextDecoder().decode(bytes)));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

async function sign(secret: string, fields: UploadFields): Promise<string> {
  const signature = await crypto.subtle.sign("HMAC", await importKey(secret), payload(fields));
  return new Uint8Array(signature).toHex();
}

// Every field in a fixed order: a field that is changed, added or left out is another payload.
function payload(fields: UploadFields): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

async function importKey(secret: string): Promise<CryptoKey> {
  const encoder = new TextEncoder();
  const root = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode("onecall upload v1") },
    root,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}

function fromHex(hex: string): Uint8Array {
  return /^[0-9a-f]{64}$/.test(hex) ? Uint8Array.fromHex(hex) : new Uint8Array();
}
