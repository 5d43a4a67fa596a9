import { build, type InlineConfig, type Rolldown } from "vite";
import { ROOT } from "../wrangler.ts";

/** What every build here has: only what its own call says, and no words where all is well. */
export const PLAIN = {
  configFile: false,
  root: ROOT,
  logLevel: "warn",
  publicDir: false,
} satisfies InlineConfig;

/** Browsers that know what the styles use, or `light-dark()` would be replaced by what follows no page's scheme. */
export const STYLES = { cssTarget: ["chrome123", "firefox120", "safari17.5"] };

/** Files that a build made, without writing them. */
export async function buildFiles(
  config: InlineConfig,
): Promise<(Rolldown.OutputChunk | Rolldown.OutputAsset)[]> {
  const built = await build({ ...PLAIN, ...config, build: { ...STYLES, ...config.build, write: false } });
  return [built].flat().flatMap((one) => ("output" in one ? one.output : []));
}
