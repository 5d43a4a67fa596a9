import type { AppWithQuotas } from "../../../client/api-types.ts";

export type QuotaName = keyof AppWithQuotas["quotas"];

/** What each quota counts. */
export const QUOTA_LABELS: readonly (readonly [name: QuotaName, label: string])[] = [
  ["keys", "API keys"],
  ["channels", "Channels"],
  ["templates", "Templates"],
  ["templateVersions", "Versions of a template"],
  ["files", "CSV files"],
  ["uploadedBytesPerDay", "Bytes uploaded a day"],
  ["users", "Users"],
  ["tags", "Tags with figures of their own"],
  ["webhooks", "Webhooks"],
];

/** What is typed, by name; empty: the default. */
export type QuotaTexts = Readonly<Partial<Record<QuotaName, string>>>;

/** Those that were typed, as a call has them: what is no number is named by the service. */
export function toQuotas(texts: QuotaTexts): Partial<Record<QuotaName, number | null>> {
  const given = QUOTA_LABELS.flatMap(([name]) => {
    const text = texts[name]?.trim();
    return text === undefined ? [] : [[name, text === "" ? null : Number(text.replaceAll(",", ""))]];
  });
  return Object.fromEntries(given);
}
