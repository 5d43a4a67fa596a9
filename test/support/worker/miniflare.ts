import { mkdtemp, readFile, rm } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import * as v from "valibot";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { localAdminToken, localSecretsKey } from "../../../scripts/admin-token.ts";
import { providerVariables } from "../../../scripts/provider-variables.ts";
import { ROOT } from "../../../scripts/wrangler.ts";
import { bundleOnecall } from "../../bench/workers.ts";
import type { TestWorker, TestWorkerOptions } from "./test-worker.ts";

/** As `npm start` has it: the local queue forgets its messages at a restart. */
const STALL_SECONDS = "5";

const VariablesSchema = v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]));

/** The entry around Onecall's bundle that takes many calls at once. */
const MANY_CALLS = "many-calls-entry.ts";

let bundle: Promise<string> | undefined;

/**
 * Onecall as wrangler.toml says, with its assets, in a folder of its own that goes with it. Bundled once for all of
 * this process, and without `wrangler dev`, whose start costs as much as many a file of tests, its proxy as each call.
 */
export async function startOnMiniflare({ providers, persistTo }: TestWorkerOptions): Promise<TestWorker> {
  bundle ??= bundleOnecall();
  const modules = [esModule("onecall-bundle.js", await bundle)];
  if (persistTo !== undefined) modules.unshift(esModule(MANY_CALLS, await readEntry()));
  const { bindings, ...options } = unstable_getMiniflareWorkerOptions(
    join(ROOT, "wrangler.toml"),
  ).workerOptions;
  const folder = persistTo ?? (await mkdtemp(join(tmpdir(), "onecall-worker-")));
  const adminToken = localAdminToken(folder, undefined);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      // As wrangler has it: the name is in those of the objects' files.
      name: "onecall",
      modules,
      bindings: {
        ...v.parse(VariablesSchema, bindings),
        STALL_SECONDS,
        ADMIN_TOKEN: adminToken,
        SECRETS_KEY: localSecretsKey(folder),
        ALLOW_LOOPBACK: "true",
        ...(providers === undefined ? {} : providerVariables(providers)),
      },
      resourcePersistencePath: join(folder, "v3"),
      port: 0,
    }),
  );
  const url = String(await miniflare.ready).replace(/\/$/, "");
  const stop = async () => {
    await miniflare.dispose();
    if (persistTo === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  return { url, adminToken, stop };
}

function esModule(path: string, contents: string): { type: "ESModule"; path: string; contents: string } {
  return { type: "ESModule", path, contents };
}

async function readEntry(): Promise<string> {
  return stripTypeScriptTypes(await readFile(new URL(MANY_CALLS, import.meta.url), "utf8"));
}
