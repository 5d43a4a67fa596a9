import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { receiveUpload } from "../../src/audiences/upload.ts";
import { createApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { fieldParts } from "../support/forms.ts";
import { expectNothingStored, listStored, presignedFields, uploadCsv } from "../support/targets-files.ts";

const encoder = new TextEncoder();
const MB = 1024 * 1024;
/** A pace at which a test needn't wait long. */
const PACE = { longestMs: 60_000, windowMs: 150, leastBytesPerSecond: 1000 };

let app: TestApp;
beforeAll(async () => {
  app = await createApp();
});

/** An upload whose client sends what it is told to, when it is told. */
async function openUpload(owner: TestApp, fileKey: string, pace = PACE) {
  const signed = await presignedFields(owner, fileKey);
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const headers = { "content-type": "multipart/form-data; boundary=x", "content-length": String(20 * MB) };
  const request = new Request("https://onecall.test/", { method: "POST", headers, body: readable });
  const upload = { isOver: false, refusal: null as unknown };
  const over = receiveUpload(bindings, request, "a-request", pace)
    .catch((error: unknown) => {
      upload.refusal = error;
    })
    .finally(() => {
      upload.isOver = true;
    });
  const send = (text: string) => writer.write(encoder.encode(text)).catch(() => {});
  await send(
    `${fieldParts(signed)}--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nuser_id,name\r\n`,
  );
  const close = () => writer.close().catch(() => {});
  return { upload, over, send, close };
}

describe("an upload", () => {
  it("that stops coming is refused, and nothing of it stays", async () => {
    const { over, upload } = await openUpload(app, "stops.csv");
    await over;
    expect(upload.refusal).toMatchObject({
      code: "ERR_BAD_REQUEST",
      message: expect.stringMatching(/too slow: \d+ bytes a second; at least 1000/),
    });
    await expectNothingStored(app);
  });

  it("that stops coming is told so by HTTP", { timeout: 60_000 }, async () => {
    const signed = await presignedFields(app, "told.csv");
    const { readable, writable } = new FixedLengthStream(MB);
    const file = `--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nuser_id,name\r\n`;
    // It never ends by itself; a write that is refused has been answered.
    const writer = writable.getWriter();
    writer.write(encoder.encode(fieldParts(signed) + file)).catch(() => {});
    const answer = await exports.default.fetch("https://onecall.test/v1/storage/uploads", {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=x", "content-length": String(MB) },
      body: readable,
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/too slow: \d+ bytes/)]);
    writer.abort().catch(() => {});
  });

  it("that trickles is refused, even after a first part went fast", async () => {
    const { over, upload, send } = await openUpload(app, "trickles.csv");
    await send(`user-0,${"x".repeat(16_000)}\r\n`.repeat(400));
    for (let row = 0; !upload.isOver; row++) {
      await send(`u${row},a\r\n`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await over;
    expect(upload.refusal).toMatchObject({ message: expect.stringMatching(/too slow/) });
    await expectNothingStored(app);
  });

  it("that takes too long is refused, however fast it comes", async () => {
    const pace = { ...PACE, longestMs: 300, leastBytesPerSecond: 1 };
    const { over, upload, send } = await openUpload(app, "long.csv", pace);
    while (!upload.isOver) {
      await send("user-1,a\r\n");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await over;
    expect(upload.refusal).toMatchObject({ message: "The upload took longer than 0.3 seconds." });
    await expectNothingStored(app);
  });

  it("that is slow delays no other app's, though its app has as many as it may", async () => {
    const pace = { ...PACE, leastBytesPerSecond: 0 };
    const slow = await Promise.all(
      Array.from({ length: 6 }, (_, index) => openUpload(app, `slow-${index}.csv`, pace)),
    );
    for (const { send } of slow) void send("user-1,a\r\n");
    const other = await createApp();
    const rows = Array.from({ length: 30_000 }, (_, index) => `user-${index},${"x".repeat(200)}\n`);
    // Once it would have waited 20 s for its turn, and then have got a 503.
    await uploadCsv(other, "quick.csv", "user_id,name\nuser-1,a\n");
    await uploadCsv(other, "large.csv", `user_id,name\n${rows.join("")}`);
    expect(slow.filter(({ upload }) => !upload.isOver).length).toBeGreaterThan(0);
    expect(await listStored(other)).toHaveLength(6);
    for (const { send, close } of slow) void send("\r\n--x--").then(close);
    await Promise.all(slow.map(({ over }) => over));
    // Those that waited went on; those that gave way say so.
    const refusals = slow.flatMap(({ upload }) => upload.refusal ?? []);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: "ERR_UNAVAILABLE" });
    expect(refusals.length).toBeLessThan(6);
  }, 60_000);
});
