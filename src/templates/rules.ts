import { type Fault, Faults, showName } from "../model/errors.ts";
import type { ChannelRef, ChannelType } from "../model/notification.ts";
import type { Json, TemplateText } from "../model/template.ts";
import { listMiswrittenPlaceholders, listUndeclaredPlaceholders, listUnusedVariables } from "./findings.ts";
import { DEFAULT_PLACEHOLDER_STYLE, writePlaceholder } from "./placeholders.ts";

/** What a template must be like: pure, every fault at once. */

export interface TemplateParts extends TemplateText {
  channelKeys: string[];
}

/** What is wrong with content for a type of channels; `path`: where it stands. */
type FindContentFaults = (type: ChannelType, content: Json, path: string) => readonly Fault[];

/** A draft may be incomplete, but what is there must fit the app's channels. */
export function findDraftFaults(
  parts: TemplateParts,
  channels: readonly ChannelRef[],
  findContentFaults: FindContentFaults,
): Faults {
  const faults = new Faults();
  const known = new Map(channels.map(({ key, type }) => [key, type]));
  for (const [index, key] of parts.channelKeys.entries()) {
    if (!known.has(key)) {
      faults.push({
        field: `channelKeys[${index}]`,
        message: `there is no channel "${showName(key)}"; create it first`,
      });
    }
  }
  for (const [key, content] of Object.entries(parts.content)) {
    if (!parts.channelKeys.includes(key)) {
      faults.push({
        field: `content.${showName(key)}`,
        message: "is for a channel that isn't in channelKeys",
      });
    } else {
      const type = known.get(key);
      const found = type === undefined ? [] : findContentFaults(type, content, `content.${key}`);
      for (const fault of found) faults.push(fault);
    }
  }
  return faults;
}

/** An approved template can be sent: content for every channel, and no placeholder that nothing fills. */
export function findApprovalFaults(parts: TemplateParts): Faults {
  const faults = new Faults();
  if (parts.channelKeys.length === 0) {
    faults.push({ field: "channelKeys", message: "must name at least one channel before approval" });
  }
  for (const key of parts.channelKeys) {
    if (!Object.hasOwn(parts.content, key)) {
      faults.push({
        field: `content.${key}`,
        message: "is missing; every channel needs content before approval",
      });
    }
  }
  const style = parts.placeholders ?? DEFAULT_PLACEHOLDER_STYLE;
  const other = style === "double" ? "single" : "double";
  for (const { name, path } of listUndeclaredPlaceholders(parts)) {
    faults.push({
      field: path,
      code: "ERR_INVALID_VARIABLES",
      message: `the placeholder ${writePlaceholder(style, showName(name))} isn't in the variableSchema; declare it or remove it`,
    });
  }
  for (const { name, path } of listMiswrittenPlaceholders(parts)) {
    const written = writePlaceholder(other, showName(name));
    faults.push({
      field: path,
      code: "ERR_INVALID_VARIABLES",
      message:
        `${written} would stay as it is: write ${writePlaceholder(style, showName(name))}, ` +
        `or set placeholders to "${other}"`,
    });
  }
  return faults;
}

/** What an approved template can be sent with, but hardly ever means. */
export interface TemplateWarning {
  field: string;
  message: string;
}

export function findApprovalWarnings(parts: TemplateParts): TemplateWarning[] {
  return listUnusedVariables(parts).map((name) => ({
    field: `variableSchema.${name}`,
    message: "is declared, but stands in no channel's content",
  }));
}
