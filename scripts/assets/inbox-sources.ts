import { join } from "node:path";
import type { UserConfig } from "vite";
import { ROOT } from "../wrangler.ts";

/** How the inbox's sources are read, by whatever builds them. */
export const INBOX_SOURCES = {
  oxc: { jsx: { runtime: "automatic", importSource: "#inbox" } },
  resolve: { alias: { "#inbox/jsx-runtime": join(ROOT, "src/inbox/view/draw.ts") } },
  plugins: [
    {
      // A minifier of scripts leaves the white space in a style sheet as it is.
      name: "short-styles",
      transform(code, id) {
        if (!id.endsWith("/look/styles.ts")) return null;
        const short = code.replace(/`[^`]*`/, (css) =>
          css.replace(/\s+/g, " ").replace(/ ?([{};]) ?/g, "$1"),
        );
        return { code: short, map: null };
      },
    },
  ],
} satisfies UserConfig;
