import * as v from "valibot";
import { describeSigner, PemSchema } from "../private-key.ts";

const ID_MESSAGE = "must have 10 letters and digits, as Apple shows it";
const TOPIC_MESSAGE = "must be the app's topic: letters, digits, - and . as in com.example.shop";
const KEY_MESSAGE = "must be a P-256 private key in PKCS #8 PEM: the text of the .p8 file";

const AppleIdSchema = v.pipe(v.string(ID_MESSAGE), v.regex(/^[A-Z0-9]{10}$/, ID_MESSAGE));
/** The app's bundle id, or one that is made of it. */
export const TopicSchema = v.pipe(v.string(TOPIC_MESSAGE), v.regex(/^[A-Za-z0-9.-]{1,155}$/, TOPIC_MESSAGE));

const GivenAccountSchema = v.object(
  { keyId: AppleIdSchema, teamId: AppleIdSchema, privateKey: PemSchema, topic: TopicSchema },
  "must be an object {keyId, teamId, privateKey, topic}, or null",
);

/** `privateKey`: the .p8 file's text. */
export const ApnsAccountSchema = v.object({
  keyId: v.string(),
  teamId: v.string(),
  privateKey: v.string(),
  topic: v.string(),
});

/** A key of Apple's, and the app that it is used for. */
export const APNS_ACCOUNT = describeSigner(
  "apns",
  { given: GivenAccountSchema, stored: ApnsAccountSchema },
  { field: "privateKey", algorithm: "ES256", message: KEY_MESSAGE },
);
