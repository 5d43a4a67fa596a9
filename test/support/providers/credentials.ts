import { generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Credentials } from "./model.ts";

const generate = promisify(generateKeyPair);
const CAPITALS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** Half a second of work: the projects of a server share one, and differ by their client_email. */
export function newServiceAccountKey(): Promise<KeyPair> {
  return generate("rsa", { modulusLength: 2048 });
}

export function newEllipticKey(): Promise<KeyPair> {
  return generate("ec", { namedCurve: "P-256" });
}

/** A service account file as the Google Cloud console writes it. */
export function serviceAccount(projectId: string, key: KeyPair, tokenUri: string): Credentials["fcm"] {
  return {
    type: "service_account",
    project_id: projectId,
    private_key_id: randomBytes(20).toString("hex"),
    private_key: pem(key.privateKey),
    client_email: `firebase-adminsdk@${projectId}.iam.gserviceaccount.com`,
    client_id: `1${Array.from(randomBytes(20), (byte) => byte % 10).join("")}`,
    token_uri: tokenUri,
  };
}

export function apnsKey(projectId: string, key: KeyPair): Credentials["apns"] {
  return {
    keyId: appleId(),
    teamId: appleId(),
    privateKey: pem(key.privateKey),
    topic: `com.example.${projectId}`,
  };
}

export function vapidPair(key: KeyPair): Credentials["webpush"] {
  const { x, y, d } = key.privateKey.export({ format: "jwk" });
  if (!x || !y || !d) {
    throw new Error("A P-256 key has no coordinates.");
  }
  return {
    publicKey: rawPublicKey(x, y).toString("base64url"),
    privateKey: d,
    subject: "mailto:push@example.com",
  };
}

/** SEC 1, uncompressed: 65 bytes. */
function rawPublicKey(x: string, y: string): Buffer {
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}

function pem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Key and team ids of Apple are ten capitals and digits. */
function appleId(): string {
  return Array.from(randomBytes(10), (byte) =>
    CAPITALS_AND_DIGITS.charAt(byte % CAPITALS_AND_DIGITS.length),
  ).join("");
}
