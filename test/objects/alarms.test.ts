import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { keys } from "../../src/model/keys.ts";
import { createReadyApp } from "../support/api.ts";
import { unreachable } from "../support/faults.ts";
import { abort, replaceIn, rowsIn } from "../support/objects.ts";
import { PATIENTLY } from "../support/patiently.ts";

/** What the one alarm of each object does with duties that go wrong (src/objects/kit/duties.ts). */

type Stub = DurableObjectStub<undefined>;

/** `breaks`: a table without which `failing` can't be served. `other`: one that can. */
const OBJECTS = {
  registry: { failing: "audit", breaks: "audit_log", other: "root" },
  ledger: { failing: "values", breaks: "plans", other: "audit" },
  "user shard": { failing: "retention", breaks: "notifications", other: "claims" },
  "webhook endpoint": { failing: "retention", breaks: "attempts", other: "send" },
};
type ObjectKind = keyof typeof OBJECTS;

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const today = new Date().toISOString().slice(0, 10);

/** Opens an object of an app of its own; each stub anew, as one whose object was aborted stays broken. */
async function prepare(kind: ObjectKind): Promise<() => Stub> {
  const { id, webhookId } = await createApp();
  if (kind === "registry") return () => env.REGISTRY.getByName(id);
  if (kind === "ledger") return () => env.LEDGER.getByName(keys.ledger(id, today));
  if (kind === "user shard") return () => env.USER_SHARD.getByName(keys.userShard(id, 1));
  return () => env.WEBHOOK_ENDPOINT.getByName(keys.webhookEndpoint(id, webhookId));
}

const open = async (kind: ObjectKind): Promise<Stub> => (await prepare(kind))();

async function createApp(): Promise<{ id: string; webhookId: string }> {
  const app = await createReadyApp();
  const { body } = await app.api("POST", "/webhooks", {
    url: "http://127.0.0.1:9/nobody-listens",
    events: ["notification.completed"],
  });
  return { id: app.id, webhookId: body.id };
}

/** These duties and no others, due in this order long ago. */
const setDuties = (stub: Stub, ...duties: [kind: string, id?: string][]): Promise<void> =>
  runInDurableObject(stub, (_, { storage }) => {
    storage.sql.exec("DELETE FROM due");
    for (const [index, [kind, id = ""]] of duties.entries()) {
      storage.sql.exec("INSERT INTO due (kind, id, at) VALUES (?, ?, ?)", kind, id, index + 1);
    }
  });

/** When a duty is due, Unix ms; null where it isn't there. */
const readTime = (stub: Stub, kind: string): Promise<number | null> =>
  runInDurableObject(
    stub,
    (_, { storage }) =>
      storage.sql.exec<{ at: number }>("SELECT at FROM due WHERE kind = ?", kind).toArray()[0]?.at ?? null,
  );

const readAlarm = (stub: Stub): Promise<number | null> =>
  runInDurableObject(stub, (_, { storage }) => storage.getAlarm());

async function runAlarm(stub: Stub): Promise<void> {
  await runInDurableObject(stub, (_, { storage }) => storage.setAlarm(Date.now() + 60_000));
  await runDurableObjectAlarm(stub);
}

/** Served are duties that are gone or come again later. */
async function expectServed(stub: Stub, kind: string): Promise<void> {
  expect((await readTime(stub, kind)) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(1000);
}

/** An alarm in the past comes at once, and again, and again. */
async function expectNoSpin(stub: Stub): Promise<void> {
  expect((await readAlarm(stub)) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(Date.now());
}

describe.each(Object.keys(OBJECTS) as ObjectKind[])("the alarm of a %s", (kind) => {
  const { failing, breaks, other } = OBJECTS[kind];
  let reopen: () => Stub;

  beforeAll(async () => {
    reopen = await prepare(kind);
  });

  it("parks a duty that its code doesn't know, and serves it when code that knows it has come", async () => {
    let stub = reopen();
    await setDuties(stub, ["rolled_back"], [other]);
    await runAlarm(stub);
    await expectServed(stub, other);
    expect(await readTime(stub, "rolled_back")).toBeGreaterThan(Date.now() + 10 * YEAR_MS);
    await expectNoSpin(stub);
    // As if this code were the old one, and the next knew the kind.
    await runInDurableObject(stub, async (_, { storage }) => {
      storage.sql.exec("DELETE FROM due WHERE kind <> 'rolled_back'");
      storage.sql.exec("UPDATE due SET kind = ?", other);
      await storage.deleteAlarm();
    });
    await abort(stub);
    stub = reopen();
    await runInDurableObject(stub, (instance) =>
      (instance as unknown as { ensureAlarm(): Promise<void> }).ensureAlarm(),
    );
    await vi.waitFor(async () => {
      const at = await readTime(stub, other);
      expect(at === null || (at > 1000 && at < Date.now() + 2 * YEAR_MS)).toBe(true);
    }, PATIENTLY);
  });

  it("lets a duty that throws wait, longer each time, and serves its neighbours", async () => {
    const stub = reopen();
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(`ALTER TABLE ${breaks} RENAME TO hidden`);
    });
    const pauses: number[] = [];
    for (let round = 0; round < 3; round++) {
      await setDuties(stub, [failing], [other]);
      await runAlarm(stub);
      await expectServed(stub, other);
      pauses.push(((await readTime(stub, failing)) ?? 0) - Date.now());
      await expectNoSpin(stub);
    }
    await runInDurableObject(stub, (_, { storage }) => {
      storage.sql.exec(`ALTER TABLE hidden RENAME TO ${breaks}`);
    });
    const [first = 0, second = 0, third = 0] = pauses;
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
    await runAlarm(stub);
  });
});

it("a ledger that can't be deleted goes on with its other duties", async () => {
  const stub = await open("ledger");
  await runInDurableObject(stub, (_, { storage }) => {
    storage.sql.exec("INSERT INTO plans (notification_id, plan) VALUES ('n', '{}')");
  });
  const failure = () => Promise.reject(new Error("R2 is down"));
  const restore = await replaceIn(stub, { TARGETS: { delete: failure } as unknown as R2Bucket });
  await setDuties(stub, ["delete"], ["audit", "n"]);
  await runAlarm(stub);
  expect(await readTime(stub, "delete")).toBeGreaterThan(Date.now());
  expect(await readTime(stub, "audit")).toBeNull();
  restore();
});

it("a ledger with a hundred duties that are due serves them all, some in each turn", async () => {
  const stub = await open("ledger");
  await setDuties(
    stub,
    ...Array.from({ length: 100 }, (_, index): [string, string] => ["audit", `n${index}`]),
  );
  await runAlarm(stub);
  const left = await rowsIn(stub, "due");
  expect(left).toBeLessThan(100);
  await vi.waitFor(async () => expect(await rowsIn(stub, "due")).toBe(0), PATIENTLY);
});

it("a registry whose endpoints were told before it could write that down doesn't tell them for ever", async () => {
  const stub = await open("registry");
  await setDuties(stub, ["webhooks"]);
  await runAlarm(stub);
  await expectNoSpin(stub);
});

it("an object that is erased while its alarm runs stays empty", async () => {
  const stub = await open("user shard");
  const restore = await replaceIn(stub, { REGISTRY: unreachable() });
  await setDuties(stub, ["user_count"], ["claims"]);
  await runInDurableObject(stub, async (instance, { storage }) => {
    const shard = instance as unknown as { alarm(): Promise<void>; erase(): Promise<void> };
    storage.sql.exec("UPDATE user_count SET version = 2, told_version = 1");
    const running = shard.alarm();
    await shard.erase();
    await running;
    expect(await storage.getAlarm()).toBeNull();
  });
  restore();
});
