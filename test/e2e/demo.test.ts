import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ROOT } from "../../scripts/wrangler.ts";

const folder = mkdtempSync(join(tmpdir(), "onecall-demo-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("npm run demo delivers 10,000 targets and their pushes, accounts for each, and leaves nothing behind", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts", "demo.ts")], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", TMPDIR: folder },
    timeout: 90_000,
  });
  assert.equal(status, 0, stdout + stderr);
  for (const provider of ["FCM", "APNs", "Web Push"]) {
    assert.match(
      stdout,
      new RegExp(`${provider} +See you tomorrow, Mia! Appointment A-1 is at 10:30\\. +✓ received`),
    );
  }
  assert.match(stdout, /60 of them with a device/);
  assert.equal(stdout.match(/60 pushes received, exactly one by each device/g)?.length, 2);
  assert.match(stdout, /100 % {2}19,970 of 19,970 deliveries/);
  assert.match(stdout, /in-app +9,985 +9,966 +19 +0 +0 +0 {2}✓ adds up/);
  assert.match(stdout, /push +9,985 +60 +19 +9,906 +0 +0 {2}✓ adds up/);
  assert.match(stdout, /in-app +99,985 +99,786 +199 +0 +0 +0 {2}✓ adds up/);
  assert.match(stdout, /push +99,985 +60 +199 +99,726 +0 +0 {2}✓ adds up/);
  assert.match(stdout, /user-00001 See you tomorrow, Ben! Appointment A-10001 is at 09:40\./);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("onecall-demo-")),
    [],
  );
});
