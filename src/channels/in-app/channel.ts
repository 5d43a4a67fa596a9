import type { StoredChannel } from "../channel.ts";

/** The feed: a user reads it through the API or a socket, and it shows whatever the template's content is. */
export const IN_APP: StoredChannel = {
  type: "in_app",
  platformType: "feed",
  settles: "stored",
  findContentFaults: () => [],
};
