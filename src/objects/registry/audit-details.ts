import { exceedsBytes } from "../../text/size.ts";

/** Bytes of the details of a change as JSON: a line with so many needs no page of the database for itself. */
const MAX_DETAILS_BYTES = 640;
/** Bytes that each text may have where the details are too long with all texts whole: the first that suffices. */
const TEXT_BYTES = [64, 24];

/**
 * The details of a change as they are stored. Names, hosts and the like are cut where they would make a line too long,
 * the longest first, and end in an ellipsis then: how many lines there may be must say how many bytes.
 */
export function encodeDetails(details: Record<string, unknown>): string {
  let json = JSON.stringify(details);
  for (const most of TEXT_BYTES) {
    if (!exceedsBytes(json, MAX_DETAILS_BYTES)) break;
    json = JSON.stringify(details, (_, value: unknown) =>
      typeof value === "string" ? cutText(value, most) : value,
    );
  }
  return json;
}

function cutText(text: string, mostBytes: number): string {
  const isShort = (part: string): boolean => !exceedsBytes(JSON.stringify(part), mostBytes);
  if (isShort(text)) return text;
  // By characters, not by halves of them.
  const characters = [...text.slice(0, mostBytes)];
  while (!isShort(`${characters.join("")}…`)) characters.pop();
  return `${characters.join("")}…`;
}
