import { join } from "node:path";
import { ROOT } from "../wrangler.ts";
import { type Bundle, hashOf } from "./asset.ts";
import { INBOX_SOURCES } from "./inbox-sources.ts";
import { buildFiles } from "./vite.ts";

/** What a page of any origin may load as a module, and nobody can take for a page. */
const OPEN_MODULE = `  Access-Control-Allow-Origin: *
  Cross-Origin-Resource-Policy: cross-origin
  Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
  Referrer-Policy: no-referrer
  X-Content-Type-Options: nosniff
  Strict-Transport-Security: max-age=31536000`;

/** The inbox as one module, with all that it needs in it. */
async function bundleInbox(): Promise<string> {
  const [chunk, ...others] = await buildFiles({
    ...INBOX_SOURCES,
    build: {
      target: "es2023",
      lib: { entry: join(ROOT, "src/inbox/index.ts"), formats: ["es"], fileName: "inbox" },
      // Vite leaves the white space of a library in place, and the marks of what is pure; this doesn't.
      rolldownOptions: { output: { minify: true, comments: false } },
    },
  });
  if (chunk?.type !== "chunk" || others.length > 0) throw new Error("The inbox must be one module");
  return chunk.code;
}

/**
 * `/inbox.js`, which a browser asks for again with its ETag, and the same under a name of its own that is kept for a
 * year. The first says in `Content-Location` which that is.
 */
export async function buildInbox(): Promise<Bundle> {
  const code = await bundleInbox();
  const lasting = `inbox-${hashOf(code)}.js`;
  return {
    assets: [
      { path: "inbox.js", contents: code },
      { path: lasting, contents: code },
    ],
    headers: `/inbox.js
${OPEN_MODULE}
  Content-Location: /${lasting}
/inbox-*.js
${OPEN_MODULE}
  Cache-Control: public, max-age=31536000, immutable
`,
  };
}
