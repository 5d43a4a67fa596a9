import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/env.ts";
import { UserShard } from "../../src/index.ts";
import { utcDay } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";
import { createReadyApp, type TestApp } from "../support/api.ts";
import { bindings, callWith, interceptCalls, unreachable } from "../support/faults.ts";
import { replaceIn } from "../support/objects.ts";
import { postWith } from "../support/replaced.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** A bug of ours is said to be one, wherever it is met; only what the platform can't do now is a 503. */

const BUG = () => new TypeError("rows.map is not a function");
const FAULT = () => Object.assign(new Error("Network connection lost."), { retryable: true });

type Failing = (error: Error) => Partial<Bindings>;

function throwing(error: Error): () => never {
  return () => {
    throw error;
  };
}

/** R2 whose calls of this kind fail. */
const bucketWithout = (method: "get" | "put", error: Error): R2Bucket =>
  new Proxy(bindings.TARGETS, {
    get: (bucket, property) => {
      if (property === method) return () => Promise.reject(error);
      const value: unknown = Reflect.get(bucket, property);
      return typeof value === "function" ? value.bind(bucket) : value;
    },
  });

let app: TestApp;
let batchId: string;
let calls = 0;

beforeAll(async () => {
  app = await createReadyApp();
  await uploadCsv(app, "bugs.csv", "user_id,customerName,orderId\nmia,Mia,1\n");
  const sent = await app.send({
    template: { key: "order-confirmation" },
    targetsFile: "bugs.csv",
    mode: "batch",
  });
  batchId = sent.body.notificationId;
  await waitUntilCompleted(app, batchId);
});

afterEach(() => {
  vi.restoreAllMocks();
});

const VALUES = { customerName: "Mia", orderId: "1" };
const REALTIME = {
  template: { key: "order-confirmation", variables: VALUES },
  targets: ["mia"],
  mode: "realtime",
};
const BATCH = {
  template: { key: "order-confirmation", variables: { mia: VALUES } },
  targets: ["mia"],
  mode: "batch",
};
const FILE = { template: { key: "order-confirmation" }, targetsFile: "bugs.csv", mode: "batch" };
const BESIDE_FILE = {
  ...FILE,
  template: { key: "order-confirmation", variables: { mia: { customerName: "M" } } },
};
const DEVICE = { provider: "fcm", token: "t".repeat(40) };

const PLACES: [where: string, failing: Failing, method: string, path: () => string, body?: object][] = [
  ["looking a claim up", inShard("lookUpClaim"), "POST", sends, REALTIME],
  ["claiming", inShard("claim"), "POST", sends, REALTIME],
  ["a realtime send's commit", inShard("deliver"), "POST", sends, REALTIME],
  ["a batch's commit", inLedger("register"), "POST", sends, BATCH],
  ["storing an audience", (error) => ({ TARGETS: bucketWithout("put", error) }), "POST", sends, BATCH],
  ["reading a file's index", (error) => ({ TARGETS: bucketWithout("get", error) }), "POST", sends, FILE],
  [
    "storing what is beside a file",
    (error) => ({ TARGETS: bucketWithout("put", error) }),
    "POST",
    sends,
    BESIDE_FILE,
  ],
  [
    "reading a log's audience",
    (error) => ({ TARGETS: bucketWithout("get", error) }),
    "GET",
    () => `/notifications/${batchId}/deliveries`,
  ],
  ["registering a device", inShard("putAddress"), "POST", () => "/users/mia/devices", DEVICE],
];

function sends(): string {
  return "/notifications/send";
}

function inShard(method: "lookUpClaim" | "claim" | "deliver" | "putAddress"): Failing {
  return (error) => ({
    USER_SHARD: interceptCalls(bindings.USER_SHARD, method, { before: throwing(error) }),
  });
}

function inLedger(method: "register"): Failing {
  return (error) => ({ LEDGER: interceptCalls(bindings.LEDGER, method, { before: throwing(error) }) });
}

/** What was logged beside an error itself, as it was thrown. */
function loggedErrors(log: { mock: { calls: unknown[][] } }): unknown[] {
  return log.mock.calls.map(([line]) => (line as { error?: unknown }).error);
}

describe.each(PLACES)("%s", (_, failing, method, path, body) => {
  const call = async (error: Error) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const headers = { "idempotency-key": `bug-${++calls}` };
    const answer = await callWith(failing(error), app, method, path(), body, headers);
    return { answer, logged: loggedErrors(log) };
  };

  it("fails by a bug: 500, and the log has it whole", async () => {
    const bug = BUG();
    const { answer, logged } = await call(bug);
    expect([answer.status, answer.body.error.code]).toEqual([500, "ERR_INTERNAL"]);
    expect(answer.headers.get("retry-after")).toBeNull();
    expect(JSON.stringify(answer.body)).not.toContain("rows.map");
    expect(logged).toContain(bug);
  });

  it("fails by the platform: 503, to be repeated", async () => {
    const { answer } = await call(FAULT());
    expect([answer.status, answer.body.error.code]).toEqual([503, "ERR_UNAVAILABLE"]);
    expect(answer.headers.get("retry-after")).toBe("1");
  });
});

describe("an object that can't reach another", () => {
  it("says so to its caller: a ledger that its registry doesn't know yet takes no batch", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    const fresh = await createReadyApp();
    const ledger = bindings.LEDGER.getByName(keys.ledger(fresh.id, utcDay(Date.now()), 0));
    const restore = await replaceIn(ledger, { REGISTRY: unreachable() });
    const refused = await fresh.send(BATCH).finally(restore);
    expect([refused.status, refused.body.error.code]).toEqual([503, "ERR_UNAVAILABLE"]);
    expect((await fresh.send(BATCH)).status).toBe(200);
  });
});

describe("a bug inside an object", () => {
  const breakShard = () => {
    vi.spyOn(UserShard.prototype, "deliver").mockImplementation(throwing(BUG()));
    vi.spyOn(console, "warn").mockImplementation(() => {});
    return vi.spyOn(console, "error").mockImplementation(() => {});
  };

  it("comes out of it as one", async () => {
    const log = breakShard();
    const answer = await app.send(REALTIME);
    expect([answer.status, answer.body.error.code]).toEqual([500, "ERR_INTERNAL"]);
    const [bug] = loggedErrors(log);
    expect(bug).toMatchObject({ name: "TypeError", message: BUG().message });
  });

  it("is answered in each family's envelope", async () => {
    breakShard();
    const platform = await postWith(
      {},
      "/v1/notifications/messages",
      { "api-token": app.apiKey },
      {
        template: { key: "order-confirmation", variables: { mia: VALUES } },
        mode: "realtime",
        targets: ["mia"],
      },
    );
    expect([platform.status, platform.body]).toEqual([
      500,
      { error: true, code: 500901, message: expect.stringContaining("x-request-id") },
    ]);
    const campaigns = await postWith({}, "/notifications/messages", app.headers, {
      templateId: "order-confirmation",
      receivers: ["mia"],
      variables: { mia: VALUES },
    });
    expect([campaigns.status, campaigns.body.error]).toMatchObject([
      500,
      { code: "ERR_INTERNAL", source: "campaigns-service" },
    ]);
  });
});
