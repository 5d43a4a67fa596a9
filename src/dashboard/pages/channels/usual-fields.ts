import type { Channel } from "../../../client/api-types.ts";

const USUAL_FIELDS: Readonly<Record<Channel["type"], readonly string[]>> = {
  in_app: ["title", "body", "image", "action"],
  push: ["title", "body", "image", "action"],
  webhook: ["text"],
};

/** What the content of a channel of the type mostly has; it may have more, of any form. */
export function usualFieldsOf(type: Channel["type"] | undefined): readonly string[] {
  return type === undefined ? [] : USUAL_FIELDS[type];
}
