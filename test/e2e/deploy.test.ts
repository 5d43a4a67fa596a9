import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { readDeploySettings } from "../../scripts/deploy/settings.ts";
import { ROOT, runWrangler } from "../../scripts/wrangler.ts";
import { FakeCloudflare } from "./fake-cloudflare.ts";

const home = mkdtempSync(join(tmpdir(), "onecall-deploy-test-"));
after(() => rmSync(home, { recursive: true, force: true, maxRetries: 10 }));

const settings = readDeploySettings();
/** Nobody's login or settings may take part: a home of its own. */
const ALONE = { HOME: home, XDG_CONFIG_HOME: home, NO_COLOR: "1" };
/** Where nothing listens. */
const OFFLINE = { CLOUDFLARE_API_BASE_URL: "http://127.0.0.1:9" };

describe("npm run deploy", () => {
  test("--dry-run shows every command and builds the Worker, without account and network", async () => {
    const { status, output } = await runDeploy(["--dry-run"], OFFLINE);
    assert.equal(status, 0, output);
    for (const queue of settings.queues) {
      assert.ok(output.includes(`$ npx wrangler queues create ${queue}\n`), output);
    }
    assert.match(output, /wrangler r2 bucket create onecall-targets\n/);
    assert.match(output, /lifecycle add onecall-targets onecall-audiences audiences\/ --expire-days 120\n/);
    assert.match(output, /wrangler secret put ADMIN_TOKEN/);
    assert.match(output, /Total Upload:/);
    assert.match(output, /\/admin\/apps/);
  });

  test("completes a half-prepared account, and changes nothing but the Worker when run again", async () => {
    const account = new FakeCloudflare();
    const [missingQueue = "", ...queues] = settings.queues;
    const ownersRule = { id: "of-the-owner", enabled: true, conditions: { prefix: "logs/" } };
    account.queues = new Set(queues);
    account.buckets = new Set(settings.buckets);
    account.lifecycleRules = [ownersRule, expiryRule("audiences/", 120), expiryRule("targets/", 30)];
    account.namespaces = new Map([["onecall-config", "left-behind"]]);
    const env = { ...(await account.listen()), ADMIN_TOKEN: "a-token-of-the-test" };
    try {
      const first = await runDeploy([], env);
      assert.equal(first.status, 0, first.output);
      assert.match(first.output, /Onecall runs at https:\/\/onecall\.acme\.workers\.dev\n/);
      assert.ok(account.queues.has(missingQueue));
      assert.deepEqual(account.lifecycleRules, [
        ownersRule,
        expiryRule("audiences/", 120),
        expiryRule("targets/", 120),
      ]);
      const config = account.bindings?.find((binding) => binding.name === "CONFIG");
      assert.equal(config?.namespace_id, "left-behind");
      assert.ok(account.assets.includes("/inbox.js"), account.assets.join(" "));
      assert.equal(account.secrets.get("ADMIN_TOKEN"), "a-token-of-the-test");
      assert.ok(!first.output.includes("a-token-of-the-test"), "the token is in nobody's log");
      const secretsKey = account.secrets.get("SECRETS_KEY") ?? "";
      assert.match(secretsKey, /^[A-Za-z0-9_-]{32,}$/);
      assert.ok(!first.output.includes(secretsKey), "nor is the key");

      account.changes = [];
      const second = await runDeploy([], { ...env, ADMIN_TOKEN: "another-token-of-the-test" });
      assert.equal(second.status, 0, second.output);
      assert.deepEqual(
        account.changes.filter((change) => !change.includes("/workers/") && !change.includes("/consumers")),
        [],
      );
      assert.equal(account.secrets.get("ADMIN_TOKEN"), "a-token-of-the-test");
      assert.equal(account.secrets.get("SECRETS_KEY"), secretsKey);
    } finally {
      account.close();
    }
  });

  test("without a terminal deploys with the admin routes closed, and says how to open them", async () => {
    const account = new FakeCloudflare();
    account.queues = new Set(settings.queues);
    account.buckets = new Set(settings.buckets);
    account.lifecycleRules = [expiryRule("audiences/", 120), expiryRule("targets/", 120)];
    try {
      const { status, output } = await runDeploy([], await account.listen());
      assert.equal(status, 0, output);
      assert.ok(account.bindings !== null);
      assert.equal(account.secrets.size, 0);
      assert.match(output, /The admin routes are closed: .*\n\n {4}\$ npx wrangler secret put ADMIN_TOKEN\n/);
      assert.match(output, /npx wrangler secret put SECRETS_KEY\n/);
    } finally {
      account.close();
    }
  });

  test("--name makes a second installation, which shares nothing with the first", async () => {
    const account = new FakeCloudflare();
    account.queues = new Set(settings.queues);
    account.buckets = new Set(settings.buckets);
    account.namespaces = new Map([["onecall-config", "of-the-first"]]);
    const env = { ...(await account.listen()), ADMIN_TOKEN: "a-token-of-the-test" };
    try {
      const { status, output } = await runDeploy(["--name", "my-push-eu"], env);
      assert.equal(status, 0, output);
      const resources = [...account.queues, ...account.buckets];
      for (const name of [...settings.queues, ...settings.buckets]) {
        assert.ok(resources.includes(name.replace("onecall-", "my-push-eu-")), `${name} of its own`);
      }
      const bindings = account.bindings ?? [];
      const names = JSON.stringify(bindings.filter(({ type }) => type !== "durable_object_namespace"));
      assert.doesNotMatch(names, /onecall-|of-the-first/);
      const limit = bindings.find(({ type }) => type === "ratelimit");
      assert.notEqual(limit?.namespace_id, "1001");
      assert.ok(account.changes.includes("PUT /workers/scripts/my-push-eu"), account.changes.join(", "));
      assert.ok(!account.changes.some((change) => change.includes("/onecall")), account.changes.join(", "));
    } finally {
      account.close();
    }
  });

  test("refuses a name that no queue could have", async () => {
    const { status, output } = await runDeploy(["--name", "Über uns"], OFFLINE);
    assert.equal(status, 2);
    assert.match(
      output,
      /^--name must have 1 to 45 lowercase letters, digits and dashes, not "Über uns"\.\n/,
    );
  });

  test("names the step that failed and what to do about it", async () => {
    const { status, output } = await runDeploy([], OFFLINE);
    assert.equal(status, 1);
    assert.match(output, /✗ Check the login to Cloudflare\n {4}\$ npx wrangler whoami --json\n/);
    assert.match(output, /What to do: Log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN\./);
  });

  test("refuses an option it doesn't know", async () => {
    const { status, output } = await runDeploy(["--dryrun"], OFFLINE);
    assert.equal(status, 2);
    assert.match(output, /Unknown option '--dryrun'\n\nUsage: npm run deploy/);
  });
});

test("a plain wrangler deploy creates all that is missing in an empty account", async () => {
  const account = new FakeCloudflare();
  const env = await account.listen();
  try {
    const { code, stdout, stderr } = await runWrangler(["deploy"], { env: { ...env, ...ALONE } });
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual([...account.queues].sort(), [...settings.queues].sort());
    assert.deepEqual([...account.buckets], settings.buckets);
    assert.deepEqual([...account.namespaces.keys()], ["onecall-config"]);
  } finally {
    account.close();
  }
});

function expiryRule(prefix: string, days: number) {
  return {
    id: `onecall-${prefix.replace("/", "")}`,
    enabled: true,
    conditions: { prefix },
    deleteObjectsTransition: { condition: { maxAge: days * 86_400, type: "Age" } },
  };
}

async function runDeploy(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [join(ROOT, "scripts", "deploy.ts"), ...args], {
    env: { PATH: process.env.PATH, ...ALONE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 240_000,
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [status, stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)]);
  return { status, output: stdout + stderr };
}
