import type { TargetsFile, Template } from "../../../client/api-types.ts";
import type { CallExample } from "../../components/copy.tsx";
import { clientOf } from "../../session.ts";
import { type Options, toSendOptions } from "./options.tsx";
import { idsOf } from "./users.tsx";
import { toVariables, type Values } from "./variables.tsx";

/** What somebody has filled in to send a template. */
export interface Draft {
  audience: "ids" | "csv";
  /** Ids as they were pasted. */
  text: string;
  picked: readonly string[];
  file: TargetsFile | null;
  values: Values;
  options: Options;
}

export function countOf({ audience, picked, text, file }: Draft): number {
  return audience === "ids" ? idsOf(picked, text).length : (file?.rows ?? 0);
}

export function sendDraft(app: string, template: Template, draft: Draft) {
  const { audience, picked, text, file, values, options } = draft;
  const { notifications } = clientOf(app);
  const chosen = toSendOptions(options);
  if (audience === "csv" && file !== null) return notifications.sendFile(template.key, file, chosen);
  const variables = toVariables(template, values);
  const recipients = Object.fromEntries(idsOf(picked, text).map((id) => [id, variables]));
  return notifications.sendBatch(template.key, recipients, chosen);
}

/** The same call as others can make it; before a file is uploaded, one of a name that stands for it. */
export function exampleOf(template: Template, draft: Draft): CallExample {
  const { audience, picked, text, file, values } = draft;
  const options = toSendOptions(draft.options);
  const { key } = template;
  const call = { method: "POST", path: "/notifications/send" } as const;
  const end = `${JSON.stringify(options)})`;
  if (audience === "csv") {
    const targetsFile = file?.fileKey ?? "targets.csv";
    return {
      ...call,
      body: { mode: "batch", targetsFile, template: { key }, ...options },
      client: `notifications.sendFile(${JSON.stringify(key)}, ${JSON.stringify(targetsFile)}, ${end}`,
    };
  }
  const targets = idsOf(picked, text);
  const own = toVariables(template, values);
  const variables = Object.fromEntries(targets.map((id) => [id, own]));
  const recipients = `Object.fromEntries(${JSON.stringify(targets)}.map((id) => [id, ${JSON.stringify(own)}]))`;
  return {
    ...call,
    body: { mode: "batch", targets, template: { key, variables }, ...options },
    client: `notifications.sendBatch(${JSON.stringify(key)}, ${recipients}, ${end}`,
  };
}
