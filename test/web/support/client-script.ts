import { join } from "node:path";
import { buildFiles } from "../../../scripts/assets/vite.ts";
import { ROOT } from "../../../scripts/wrangler.ts";

declare global {
  /** The client, as the script leaves it. */
  var onecallClient: typeof import("../../../src/client/index.ts");
}

/** The client as a classic script, which the browser's tools evaluate: a page's policy needs no exception. */
export async function buildClientScript(): Promise<string> {
  const [output] = await buildFiles({
    logLevel: "error",
    build: {
      lib: { entry: join(ROOT, "src/client/index.ts"), formats: ["iife"], name: "onecallClient" },
    },
  });
  if (output?.type !== "chunk") throw new Error("The client has no script");
  return output.code.replace("var onecallClient", "globalThis.onecallClient");
}
