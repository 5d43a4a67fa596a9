import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import * as v from "valibot";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { providerVariables } from "../../../scripts/provider-variables.ts";
import { ROOT } from "../../../scripts/wrangler.ts";
import { bundleOnecall } from "../../bench/workers.ts";
import type { TestWorker, TestWorkerOptions } from "./test-worker.ts";

/** As `npm start` has it: the local queue forgets its messages at a restart. */
const STALL_SECONDS = "5";

const VariablesSchema = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

let bundle: Promise<string> | undefined;

/**
 * Onecall as wrangler.toml says, with its assets, in a folder of its own that goes with it. Bundled once for all of
 * this process, and without `wrangler dev`, whose start costs as much as many a file of tests, its proxy as each call.
 */
export async function startOnMiniflare({ providers }: TestWorkerOptions): Promise<TestWorker> {
  bundle ??= bundleOnecall();
  const contents = await bundle;
  const { bindings, ...options } = unstable_getMiniflareWorkerOptions(
    join(ROOT, "wrangler.toml"),
  ).workerOptions;
  const folder = await mkdtemp(join(tmpdir(), "onecall-worker-"));
  const adminToken = randomBytes(24).toString("hex");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      modules: [{ type: "ESModule", path: "index.js", contents }],
      bindings: {
        ...v.parse(VariablesSchema, bindings),
        STALL_SECONDS,
        ADMIN_TOKEN: adminToken,
        SECRETS_KEY: randomBytes(32).toString("hex"),
        ALLOW_LOOPBACK: "true",
        ...(providers === undefined ? {} : providerVariables(providers)),
      },
      resourcePersistencePath: folder,
      port: 0,
    }),
  );
  const url = String(await miniflare.ready).replace(/\/$/, "");
  const stop = async () => {
    await miniflare.dispose();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  return { url, adminToken, stop };
}
