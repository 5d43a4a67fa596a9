import type { Channel, Operations } from "../../../client/api-types.ts";
import { textAt } from "../../parse.ts";

/** The providers of push, what each of them asks for, and how a form's values become what the API takes. */

type ProviderName = keyof NonNullable<Channel["providers"]>;
type Credentials = NonNullable<Operations["updateChannel"]["body"]["providers"]>;

export interface CredentialField {
  name: string;
  label: string;
  /** Of several lines. */
  isLong?: boolean;
  isOptional?: boolean;
}

export interface Provider {
  name: ProviderName;
  label: string;
  fields: readonly CredentialField[];
  /** For who copies the call. */
  example: object;
}

export const PROVIDERS: readonly Provider[] = [
  {
    name: "fcm",
    label: "Firebase (FCM)",
    fields: [{ name: "json", label: "The service account's JSON file, as it is", isLong: true }],
    example: { project_id: "…", client_email: "…", private_key: "…" },
  },
  {
    name: "apns",
    label: "Apple (APNs)",
    fields: [
      { name: "keyId", label: "Key id" },
      { name: "teamId", label: "Team id" },
      { name: "topic", label: "Topic: the app's bundle id" },
      { name: "privateKey", label: "The text of the .p8 file", isLong: true },
    ],
    example: { keyId: "…", teamId: "…", topic: "…", privateKey: "…" },
  },
  {
    name: "webpush",
    label: "Web Push",
    fields: [
      { name: "publicKey", label: "VAPID public key" },
      { name: "privateKey", label: "VAPID private key" },
      { name: "subject", label: "Subject: a mailto: or https: address" },
      {
        name: "allowedHosts",
        label: "More push services' hosts, with commas between (optional)",
        isOptional: true,
      },
    ],
    example: { publicKey: "…", privateKey: "…", subject: "mailto:…" },
  },
];

/** What can be seen to be wrong before the service is asked; null: nothing. */
export function faultIn(name: ProviderName, { json = "" }: Readonly<Record<string, string>>): string | null {
  if (name !== "fcm" || json === "" || parseJson(json) !== undefined) return null;
  return "That isn't JSON: paste the whole file that Google made, braces and all.";
}

/** What lacks is empty: the service names every such field. */
export function toCredentials(name: ProviderName, values: Readonly<Record<string, string>>): Credentials {
  const at = (field: string): string => (values[field] ?? "").trim();
  if (name === "fcm") return { fcm: readServiceAccount(at("json")) };
  if (name === "apns") {
    return {
      apns: { keyId: at("keyId"), teamId: at("teamId"), topic: at("topic"), privateKey: at("privateKey") },
    };
  }
  const hosts = at("allowedHosts")
    .split(/[\s,]+/)
    .filter((host) => host !== "");
  return {
    webpush: {
      publicKey: at("publicKey"),
      privateKey: at("privateKey"),
      subject: at("subject"),
      ...(hosts.length === 0 ? {} : { allowedHosts: hosts }),
    },
  };
}

function readServiceAccount(text: string): NonNullable<Credentials["fcm"]> {
  const account = parseJson(text);
  return {
    project_id: textAt(account, "project_id") ?? "",
    client_email: textAt(account, "client_email") ?? "",
    private_key: textAt(account, "private_key") ?? "",
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
