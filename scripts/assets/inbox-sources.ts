import { join } from "node:path";
import type { UserConfig } from "vite";
import { ROOT } from "../wrangler.ts";

/** Browsers that know what its styles use, or `light-dark()` would be replaced by what follows no page's scheme. */
export const INBOX_STYLES = { cssTarget: ["chrome123", "firefox120", "safari17.5"] };

/** How the inbox's sources are read, by whatever builds them. */
export const INBOX_SOURCES = {
  oxc: { jsx: { runtime: "automatic", importSource: "#inbox" } },
  resolve: { alias: { "#inbox/jsx-runtime": join(ROOT, "src/inbox/view/draw.ts") } },
} satisfies UserConfig;
