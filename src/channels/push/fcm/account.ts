import * as v from "valibot";
import { textSchema } from "../../../text/schemas.ts";
import { describeSigner, PemSchema } from "../private-key.ts";

const PROJECT_MESSAGE = "must be a Google project's id";
const KEY_MESSAGE = "must be an RSA private key in PKCS #8 PEM, as the service account's file has it";

/** A Google service account's file as it is: all but three of its fields are ignored. */
const GivenAccountSchema = v.pipe(
  v.object(
    {
      project_id: v.pipe(v.string(PROJECT_MESSAGE), v.regex(/^[A-Za-z0-9:.-]{1,128}$/, PROJECT_MESSAGE)),
      client_email: textSchema(256),
      private_key: PemSchema,
    },
    "must be a service account's JSON, or null",
  ),
  v.transform(({ project_id, client_email, private_key }) => ({
    projectId: project_id,
    clientEmail: client_email,
    privateKey: private_key,
  })),
);

/** What is stored of it. */
export const FcmAccountSchema = v.object({
  projectId: v.string(),
  clientEmail: v.string(),
  privateKey: v.string(),
});

/** A Google service account. */
export const FCM_ACCOUNT = describeSigner(
  "fcm",
  { given: GivenAccountSchema, stored: FcmAccountSchema },
  { field: "private_key", algorithm: "RS256", message: KEY_MESSAGE },
);
