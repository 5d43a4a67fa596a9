import { describe, expect, it } from "vitest";
import { createReadyApp } from "../support/api.ts";
import { readLogCsv } from "../support/delivery-log.ts";
import { waitUntilCompleted } from "../support/wait.ts";

describe("a log for a spreadsheet", () => {
  it("has no cell that is a formula; the raw one is as it was sent", async () => {
    const app = await createReadyApp();
    const variables = { "=cmd": { customerName: "@SUM(A1)" }, ok: { customerName: "+1" } };
    const body = {
      template: { key: "order-confirmation", variables },
      targets: ["=cmd", "ok"],
      mode: "batch",
    };
    const { notificationId: id } = (await app.send(body)).body;
    await waitUntilCompleted(app, id);
    const raw = (await readLogCsv(app, id, "?status=failed")).rows.slice(1).sort();
    expect(raw).toEqual([
      ["=cmd", "@SUM(A1)", "", "missing_variables"],
      ["ok", "+1", "", "missing_variables"],
    ]);
    const { rows } = await readLogCsv(app, id, "?status=failed&for=spreadsheet");
    expect(rows.slice(1).sort()).toEqual([
      ["'=cmd", "'@SUM(A1)", "", "missing_variables"],
      ["ok", "'+1", "", "missing_variables"],
    ]);
  });
});

describe("a cell of a log for a spreadsheet", () => {
  it.each([
    "=1",
    "+1",
    "-1",
    "@SUM",
    "＝1",
    "＋1",
    "－1",
    "＠SUM",
    "﹦1",
    "﹢1",
    "﹣1",
    "﹫SUM",
    " =1",
    "\u00a0=1",
    "\u3000＝1",
  ])("that begins as %j does is text, also as an upload has it", async (cell) => {
    const app = await createReadyApp({}, { foldsUserIds: false });
    const values = { customerName: cell, orderId: ["no text"] };
    const uid = cell.trim();
    const body = {
      template: { key: "order-confirmation", variables: { [uid]: values } },
      targets: [uid],
      mode: "batch",
    };
    const { notificationId: id } = (await app.send(body)).body;
    await waitUntilCompleted(app, id);
    const { rows } = await readLogCsv(app, id, "?status=failed&for=spreadsheet");
    expect(rows[1]?.slice(0, 2)).toEqual([`'${uid}`, `'${cell}`]);
    const log = await readLogCsv(app, id, "?for=spreadsheet");
    expect(log.rows[1]?.[0]).toBe(`'${uid}`);
  });

  it.each(["\t=1", "\r1", "\nx"])("that begins as %j does, too", async (cell) => {
    const app = await createReadyApp();
    const variables = { mia: { customerName: cell } };
    const body = { template: { key: "order-confirmation", variables }, targets: ["mia"], mode: "batch" };
    const { notificationId: id } = (await app.send(body)).body;
    await waitUntilCompleted(app, id);
    const { rows } = await readLogCsv(app, id, "?status=failed&for=spreadsheet");
    expect(rows[1]?.[1]).toBe(`'${cell}`);
  });

  it.each(["a=1", "1-1", "'=1", "x@example.com", "＃1"])(
    "that begins as %j does is as it was",
    async (cell) => {
      const app = await createReadyApp();
      const variables = { mia: { customerName: cell } };
      const body = { template: { key: "order-confirmation", variables }, targets: ["mia"], mode: "batch" };
      const { notificationId: id } = (await app.send(body)).body;
      await waitUntilCompleted(app, id);
      const { rows } = await readLogCsv(app, id, "?status=failed&for=spreadsheet");
      expect(rows[1]?.[1]).toBe(cell);
    },
  );
});
