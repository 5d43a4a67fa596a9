import { join } from "node:path";
import type { UserConfig } from "vite";
import { ROOT } from "../wrangler.ts";

/** How the inbox's sources are read, by whatever builds them. */
export const INBOX_SOURCES = {
  oxc: { jsx: { runtime: "automatic", importSource: "#inbox" } },
  resolve: { alias: { "#inbox/jsx-runtime": join(ROOT, "src/inbox/view/draw.ts") } },
} satisfies UserConfig;
