import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { compress } from "../../src/audiences/gzip.ts";
import { keys } from "../../src/model/keys.ts";
import { CHUNKS_IN_QUEUE } from "../../src/model/limits.ts";
import { type Body, createApp, createReadyApp, createTemplate, type TestApp } from "../support/api.ts";
import { bindings, CapturingQueue, callWith, consume, interceptCalls } from "../support/faults.ts";
import { readStoredText } from "../support/stored-objects.ts";
import { callPlatform, listStored, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createReadyApp();
  await createTemplate(app, {
    key: "row",
    content: { "in-app-alerts": { text: "{{text}}" } },
    variableSchema: { text: { type: "string" } },
  });
});

const SEND = "/notifications/send";
const sendTo = (targetsFile: string) => ({ template: { key: "row" }, mode: "batch", targetsFile });
const rowsOf = (prefix: string, count: number, text = "row") =>
  `user_id,text\n${Array.from({ length: count }, (_, index) => `${prefix}-${index},${text} ${index}\n`).join("")}`;

/** A send whose chunks are in our hands. */
async function sendCaptured(fileKey: string): Promise<{ id: string; queue: CapturingQueue }> {
  const queue = new CapturingQueue();
  const sent = await callWith({ DELIVERIES_NORMAL: queue.binding }, app, "POST", SEND, sendTo(fileKey));
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  return { id: sent.body.notificationId, queue };
}

async function readText(key: string): Promise<string> {
  return (await readStoredText(bindings.TARGETS, key)) ?? "";
}

async function textOf(uid: string): Promise<string[]> {
  const user = await app.asUser(uid);
  return (await user("GET", "/feed")).body.data.map(({ content }: Body) => content.text);
}

async function expectExact(id: string, total: number, delivered = total): Promise<void> {
  const { counts } = await waitUntilCompleted(app, id);
  expect(counts["in-app-alerts"]).toMatchObject({ total, delivered, pending: 0 });
  expect((await app.audit(id)).isEqual).toBe(true);
}

describe("a send to a targets file", () => {
  it("reaches every row once, with exact counts and the duplicates that the file had", async () => {
    const csv = `${rowsOf("exact", 5000)}exact-7,last\nexact-8,\nexact-8,again\n`;
    await uploadCsv(app, "exact.csv", csv);
    const sent = await app.send(sendTo("exact.csv"));
    expect(sent.body).toMatchObject({ mode: "batch", channels: [{ key: "in-app-alerts", type: "in_app" }] });
    await expectExact(sent.body.notificationId, 5000);
    expect((await app.notification(sent.body.notificationId)).duplicates).toBe(3);
    expect(await textOf("exact-7")).toEqual(["last"]);
    expect(await textOf("exact-8")).toEqual(["again"]);
    expect(await textOf("exact-4999")).toEqual(["row 4999"]);
  });

  it("can be repeated: a file is sent as often as it is named", async () => {
    await uploadCsv(app, "often.csv", rowsOf("often", 3));
    for (let times = 1; times <= 2; times++) {
      await expectExact((await app.send(sendTo("often.csv"))).body.notificationId, 3);
      expect(await textOf("often-1")).toHaveLength(times);
    }
  });

  it("stores nothing beside the file", async () => {
    await uploadCsv(app, "constant.csv", rowsOf("constant", 3));
    const before = await listStored(app);
    await app.send(sendTo("constant.csv"));
    expect(await listStored(app)).toEqual(before);
  });

  it("is counted once where its chunks come twice, and finished by the watchdog where some vanish", async () => {
    await uploadCsv(app, "vanish.csv", rowsOf("vanish", 5000));
    const { id, queue } = await sendCaptured("vanish.csv");
    // One of them comes, twice; the others vanish. A ledger hands out so many at least, and more as it finds them fast.
    expect(queue.messages.length).toBeGreaterThanOrEqual(CHUNKS_IN_QUEUE);
    const [first] = queue.messages;
    await consume([first, first]);
    await expectExact(id, 5000);
  });
});

describe("a file of an earlier version, which compressed nothing,", () => {
  it("is sent and given back as it is", async () => {
    const csv = rowsOf("plain", 2500);
    await uploadCsv(app, "plain.csv", csv);
    const [audience = ""] = (await listStored(app))
      .filter((key) => key.endsWith(".index"))
      .map((key) => key.replace(".index", ""))
      .sort()
      .reverse();
    const plain = await bindings.TARGETS.put(audience, await readText(audience));
    const etag = plain?.etag ?? "";
    const index = JSON.parse(await readText(`${audience}.index`));
    const chunks = index.chunks.map(({ stored: _, ...chunk }: Record<string, unknown>) => chunk);
    await bindings.TARGETS.put(`${audience}.index`, JSON.stringify({ ...index, version: 1, etag, chunks }));
    const archive = `${audience.replace("audiences/", "targets/")}.csv`;
    await bindings.TARGETS.put(archive, await readText(archive), {
      httpMetadata: { contentType: "text/csv" },
    });
    await runInDurableObject(bindings.REGISTRY.getByName(app.id), (_, { storage }) => {
      storage.sql.exec("UPDATE targets_files SET audience_etag = ? WHERE file_key = 'plain.csv'", etag);
    });

    const sent = await app.send(sendTo("plain.csv"));
    await expectExact(sent.body.notificationId, 2500);
    expect(await textOf("plain-2499")).toEqual(["row 2499"]);
    expect((await app.api("GET", "/targets-files/plain.csv/content")).body).toBe(csv);
  });
});

describe("a file that changes after the send was accepted", () => {
  it("goes out whole with its old rows where it was deleted", async () => {
    await uploadCsv(app, "deleted.csv", rowsOf("deleted", 2500));
    const { id, queue } = await sendCaptured("deleted.csv");
    expect((await callPlatform(app, "DELETE", "/v1/storage/targets_files/deleted.csv")).status).toBe(200);
    await consume(queue.messages.slice(0, 1));
    // The rest is the watchdog's: it finds the audience too.
    await expectExact(id, 2500);
    expect(await textOf("deleted-2499")).toEqual(["row 2499"]);
  });

  it("goes out whole with its old rows where it was overwritten", async () => {
    await uploadCsv(app, "over.csv", rowsOf("over", 500, "old"));
    const { id, queue } = await sendCaptured("over.csv");
    await uploadCsv(app, "over.csv", rowsOf("over", 700, "new"), true);
    await consume(queue.messages);
    await expectExact(id, 500);
    expect(await textOf("over-1")).toEqual(["old 1"]);
    expect(await textOf("over-600")).toEqual([]);
    await expectExact((await app.send(sendTo("over.csv"))).body.notificationId, 700);
    expect(await textOf("over-1")).toEqual(["new 1", "old 1"]);
  });

  it("is never read as another: a chunk is refused where the object isn't the plan's", async () => {
    await uploadCsv(app, "swapped.csv", rowsOf("swapped", 3));
    const { id, queue } = await sendCaptured("swapped.csv");
    const [newest = ""] = (await listStored(app))
      .filter((key) => key.endsWith(".index"))
      .sort()
      .reverse();
    const audience = newest.replace(".index", "");
    const text = await readText(audience);
    expect(text).toContain("swapped");
    const other = new TextEncoder().encode(text.replaceAll("swapped", "another"));
    await bindings.TARGETS.put(audience, compress(other));
    expect(await consume(queue.messages)).toEqual({ acked: 0, retried: queue.messages.length });
    expect((await app.notification(id)).counts["in-app-alerts"]).toMatchObject({ pending: 3, delivered: 0 });
    expect(await textOf("another-1")).toEqual([]);
  });
});

describe("a send is refused", () => {
  const refusal = async (owner: TestApp, body: object): Promise<[number, string]> => {
    const answer = await owner.send(body);
    return [answer.status, answer.body.error.code];
  };

  it.each<[string, object, string]>([
    ["that names a file and targets", { targets: ["a"] }, "targetsFile"],
    ["that names a file in realtime", { mode: "realtime" }, "targetsFile"],
    ["that names a file by no text", { targetsFile: 1 }, "targetsFile"],
    ["that names a file by an empty text", { targetsFile: "" }, "targetsFile"],
  ])("%s", async (_, change, field) => {
    await uploadCsv(app, "refused.csv", rowsOf("refused", 1), true);
    const { status, body } = await app.send({ ...sendTo("refused.csv"), ...change });
    expect([status, body.error.code, Object.keys(body.error.details)]).toEqual([
      400,
      "ERR_BAD_REQUEST",
      [field],
    ]);
    expect(await textOf("refused-0")).toEqual([]);
  });

  it("that names a file which is unknown, deleted, expired or another app's", async () => {
    const unknown = [400, "ERR_INVALID_TARGETS_FILE"];
    expect(await refusal(app, sendTo("unknown.csv"))).toEqual(unknown);
    await uploadCsv(app, "ended.csv", rowsOf("ended", 1));
    const other = await createApp();
    await app.api("GET", "/channels");
    await uploadCsv(other, "theirs.csv", rowsOf("theirs", 1));
    expect(await refusal(app, sendTo("theirs.csv"))).toEqual(unknown);
    const registry = bindings.REGISTRY.getByName(keys.registry(app.id));
    await runInDurableObject(registry, (_, { storage }) => {
      storage.sql.exec("UPDATE targets_files SET expires_at = ? WHERE file_key = 'ended.csv'", Date.now());
    });
    expect(await refusal(app, sendTo("ended.csv"))).toEqual(unknown);
    expect(await textOf("ended-0")).toEqual([]);
  });

  it("by the variables of a file under another name: the template's are what counts", async () => {
    await uploadCsv(app, "Text.csv", "user_id,Text\nu,x\n");
    expect(await refusal(app, sendTo("Text.csv"))).toEqual([400, "ERR_INVALID_VARIABLES"]);
  });
});

describe("an Idempotency-Key", () => {
  it("gives the first answer again, though the file is gone", async () => {
    await uploadCsv(app, "idem.csv", rowsOf("idem", 2));
    const headers = { "idempotency-key": "file-1" };
    const first = await app.send(sendTo("idem.csv"), headers);
    await callPlatform(app, "DELETE", "/v1/storage/targets_files/idem.csv");
    expect((await app.send(sendTo("idem.csv"), headers)).body).toEqual(first.body);
    await expectExact(first.body.notificationId, 2);
    expect(await textOf("idem-0")).toHaveLength(1);
  });

  it.each(["deleted", "overwritten"])(
    "goes on with the upload it began with: %s meanwhile",
    async (change) => {
      const file = `resumed-${change}.csv`;
      await uploadCsv(app, file, rowsOf(`resumed-${change}`, 30, "old"));
      const headers = { "idempotency-key": file };
      const lossy = interceptCalls(bindings.LEDGER, "register", {
        after: () => {
          throw new Error("Network connection lost.");
        },
      });
      const failed = await callWith({ LEDGER: lossy }, app, "POST", SEND, sendTo(file), headers);
      expect(failed.status).toBe(503);
      if (change === "deleted") await callPlatform(app, "DELETE", `/v1/storage/targets_files/${file}`);
      else await uploadCsv(app, file, rowsOf(`resumed-${change}`, 40, "new"), true);
      const repeated = await app.send(sendTo(file), headers);
      expect(repeated.status, JSON.stringify(repeated.body)).toBe(200);
      await expectExact(repeated.body.notificationId, 30);
      expect(await textOf(`resumed-${change}-1`)).toEqual(["old 1"]);
    },
  );
});
