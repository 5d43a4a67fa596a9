import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { firstCall, readAddress } from "../../scripts/deploy/address.ts";
import { EMPTY_STATE, planDeploy, type Step } from "../../scripts/deploy/plan.ts";
import type { DeploySettings } from "../../scripts/deploy/settings.ts";
import { type DeployState, parseLifecycleRules, parseTableColumn } from "../../scripts/deploy/state.ts";

const settings: DeploySettings = {
  workerName: "notify",
  isNamed: false,
  queues: ["jobs", "dead"],
  buckets: ["files"],
  namespaces: [{ binding: "CONFIG", title: "notify-config" }],
  retentionDays: 90,
};

const rule = (prefix: string, days: number, enabled = true) => ({
  name: `onecall-${prefix.replace("/", "")}`,
  enabled,
  prefix,
  action: `Expire objects after ${days} days`,
});

const complete: DeployState = {
  workerExists: true,
  secrets: ["ADMIN_TOKEN", "SECRETS_KEY"],
  queues: ["jobs", "dead", "of-another-project"],
  buckets: ["files"],
  lifecycleRules: new Map([["files", [rule("audiences/", 120), rule("targets/", 120)]]]),
  namespaces: new Map([["notify-config", "id-1"]]),
};

const commands = (steps: Step[]) => steps.map((step) => step.command.join(" "));

describe("planDeploy", () => {
  test("creates everything in an empty account, the secrets last", () => {
    const { present, steps } = planDeploy(settings, EMPTY_STATE);
    assert.deepEqual(present, []);
    assert.deepEqual(commands(steps), [
      "queues create jobs",
      "queues create dead",
      "r2 bucket create files",
      "r2 bucket lifecycle add files onecall-audiences audiences/ --expire-days 120",
      "r2 bucket lifecycle add files onecall-targets targets/ --expire-days 120",
      "deploy",
      "secret put SECRETS_KEY",
      "secret put ADMIN_TOKEN",
    ]);
  });

  test("only deploys where everything is there", () => {
    const { present, steps } = planDeploy(settings, complete);
    assert.deepEqual(commands(steps), ["deploy"]);
    assert.equal(present.length, 7);
  });

  test("continues where an earlier run stopped", () => {
    const { steps } = planDeploy(settings, { ...complete, queues: ["jobs"], secrets: [] });
    assert.deepEqual(commands(steps), [
      "queues create dead",
      "deploy",
      "secret put SECRETS_KEY",
      "secret put ADMIN_TOKEN",
    ]);
  });

  test("takes a refusal because it exists for success, and nothing else", () => {
    const [queue, , bucket] = planDeploy(settings, EMPTY_STATE).steps;
    assert.match("Queue name 'jobs' is already taken. [code: 11009]", queue?.doneAlready ?? /never/);
    assert.match(
      "The bucket you tried to create already exists, and you own it.",
      bucket?.doneAlready ?? /never/,
    );
    assert.doesNotMatch("Please enable R2 through the Cloudflare Dashboard.", bucket?.doneAlready ?? /.*/);
  });

  for (const [what, found] of [
    ["another number of days", rule("audiences/", 30)],
    ["another prefix", { ...rule("audiences/", 120), prefix: "aud/" }],
    ["been disabled", rule("audiences/", 120, false)],
  ] as const) {
    test(`replaces its own expiry rule that has ${what}`, () => {
      const rules = [found, rule("targets/", 120), { ...rule("logs/", 7), name: "of-the-owner" }];
      const { steps } = planDeploy(settings, { ...complete, lifecycleRules: new Map([["files", rules]]) });
      assert.deepEqual(commands(steps), [
        "r2 bucket lifecycle remove files --name onecall-audiences",
        "r2 bucket lifecycle add files onecall-audiences audiences/ --expire-days 120",
        "deploy",
      ]);
    });
  }

  test("takes over the KV namespace that a failed first deploy left behind", () => {
    const [deploy] = planDeploy(settings, { ...complete, workerExists: false }).steps;
    assert.deepEqual(deploy?.namespaces, new Map([["CONFIG", "id-1"]]));
  });

  test("leaves the KV namespace of a Worker that exists alone", () => {
    const [deploy] = planDeploy(settings, complete).steps;
    assert.equal(deploy?.namespaces, undefined);
  });

  test("never puts a secret into a command", () => {
    const { steps } = planDeploy(settings, EMPTY_STATE);
    assert.deepEqual(
      steps.filter((step) => step.stdin).map((step) => step.title),
      ["Set the secret SECRETS_KEY", "Set the secret ADMIN_TOKEN"],
    );
  });
});

describe("reading what wrangler prints", () => {
  test("finds names in a table", () => {
    const table = `
┌────┬──────────┬────────────┐
│ id │ name     │ created_on │
├────┼──────────┼────────────┤
│ 1f │ jobs     │ 2026-01-01 │
├────┼──────────┼────────────┤
│ 2f │ dead     │ 2026-01-01 │
└────┴──────────┴────────────┘`;
    assert.deepEqual(parseTableColumn(table, "name"), ["jobs", "dead"]);
    assert.deepEqual(parseTableColumn("", "name"), []);
  });

  test("finds lifecycle rules in labelled blocks", () => {
    const output = `Listing lifecycle rules for bucket 'files'...
name:     Default Multipart Abort Rule
enabled:  Yes
prefix:   (all prefixes)
action:   Abort incomplete multipart uploads after 7 days

name:     onecall-targets
enabled:  No
prefix:   targets/
action:   Expire objects after 120 days`;
    assert.deepEqual(parseLifecycleRules(output)[1], rule("targets/", 120, false));
    assert.deepEqual(parseLifecycleRules("There are no lifecycle rules for bucket 'files'."), []);
  });

  test("finds the address in the deploy's report", () => {
    const report = (target: string) =>
      `{"type":"wrangler-session"}\n{"type":"deploy","targets":["${target}"]}\n`;
    assert.equal(readAddress(report("https://notify.acme.workers.dev")), "https://notify.acme.workers.dev");
    assert.equal(readAddress(report("notify.example.com (custom domain)")), "https://notify.example.com");
    assert.equal(readAddress(report("example.com/* (zone name: example.com)")), "https://example.com");
    assert.ok(firstCall(readAddress("")).includes("<address of the Worker>/admin/apps"));
  });
});
