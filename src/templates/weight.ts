import type { SendableTemplate } from "../model/template.ts";

/** How often a content is in memory: as it is, and twice in its compiled form. */
const COPIES = 3;
/** What an object, array or text takes beside its text: some fifty bytes. */
const VALUE_LENGTH = 28;

/**
 * About what a template takes in an isolate that keeps it, UTF-16 units. Small values take far more than their text.
 */
export function weighSendable({ content, variableSchema }: SendableTemplate): number {
  const text = COPIES * JSON.stringify(content).length + JSON.stringify(variableSchema).length;
  return text + VALUE_LENGTH * (countValues(content) + countValues(variableSchema));
}

// What is stored is at most 20 levels deep.
function countValues(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  let count = 1;
  for (const part of Object.values(value)) count += countValues(part);
  return count;
}
