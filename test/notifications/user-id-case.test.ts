import { beforeAll, describe, expect, it } from "vitest";
import { type Body, createReadyApp, type TestApp } from "../support/api.ts";
import { callPlatform, formOf, getFile, postForm, uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const KEY = "order-confirmation";
const of = (customerName: string, orderId = "1") => ({ customerName, orderId });

let folding: TestApp;
beforeAll(async () => {
  folding = await createReadyApp();
});

async function newestOf(uid: string): Promise<string | undefined> {
  const user = await folding.asUser(uid);
  return (await user("GET", "/feed")).body.data[0]?.content.text;
}

const batch = (targets: string[], variables: object) =>
  folding.send({ template: { key: KEY, variables }, targets, mode: "batch" });
const realtime = (target: string, variables: object, key = KEY) =>
  folding.send({ template: { key, variables }, targets: [target], mode: "realtime" });

/** A CSV as a caller of the business messaging family uploads it. */
async function uploadAsBusiness(fileKey: string, csv: string): Promise<Body> {
  const { body } = await folding.api("POST", `/targets-files/${fileKey}/presigned-urls`, {});
  return postForm(formOf(body.fields, csv));
}

describe("targets whose ids differ in case", () => {
  it("are one target of a batch, counted as duplicates, with the variables of any spelling", async () => {
    const answer = await batch(["Amy", "amy", "AMY", "Ben"], { aMY: of("Amy"), ben: of("Ben") });
    const done = await waitUntilCompleted(folding, answer.body.notificationId);
    expect(done).toMatchObject({ duplicates: 2, counts: { "in-app-alerts": { total: 2, delivered: 2 } } });
    expect(await newestOf("AMY")).toBe("Hello Amy, your order is 1.");
    expect(await newestOf("ben")).toBe("Hello Ben, your order is 1.");
    const audited = await folding.audit(answer.body.notificationId);
    expect(JSON.stringify(audited)).toContain('"delivered":2');
  });

  it("are one receiver of a campaign", async () => {
    const send = (receivers: string[], variables: object) =>
      folding.call("POST", "/v3/campaigns/notifications/messages", { templateId: KEY, receivers, variables });
    const sent = await send(["Cid", "cid"], { CID: of("Cid") });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    const { counts } = await folding.notification(sent.body.data.notificationId);
    expect(counts["in-app-alerts"]).toMatchObject({ total: 1, delivered: 1 });
    expect(await newestOf("cid")).toBe("Hello Cid, your order is 1.");
    // Ten names make it realtime still; eleven a batch, of as many users as there are.
    const many = Array.from({ length: 6 }, (_, index) => [`Many-${index}`, `many-${index}`]).flat();
    const queued = await send(many, {});
    expect(queued.body.data).toMatchObject({ mode: "batch", total: 6 });
    const clash = await send(["Cid"], { Cid: of("A"), cID: of("B") });
    expect(clash.body.error.details).toEqual({ "variables.cID": expect.stringContaining('"Cid" and "cID"') });
  });

  it("may be named twice in the variables where they are the same, in whatever order", async () => {
    const answer = await batch(["Dee"], { Dee: of("Dee"), DEE: { orderId: "1", customerName: "Dee" } });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    await waitUntilCompleted(folding, answer.body.notificationId);
    expect(await newestOf("dee")).toBe("Hello Dee, your order is 1.");
    const digits = '{"Dee": {"orderId": 1.10}, "dee": {"orderId": 1.1}}';
    const body = `{"template": {"key": "${KEY}", "variables": ${digits}}, "targets": ["dee"], "mode": "batch"}`;
    expect((await folding.send(body)).status).toBe(400);
  });

  it("are refused with different variables, by both names, and nothing is sent", async () => {
    const before = (await folding.api("GET", "/notifications?limit=1")).body.data[0]?.id;
    const answer = await batch(["Fay"], { Fay: of("A"), fay: of("B"), FAY: of("C") });
    expect([answer.status, answer.body.error.code]).toEqual([400, "ERR_INVALID_VARIABLES"]);
    expect(answer.body.error.details).toEqual({
      "template.variables.fay":
        '"Fay" and "fay" are one user in this app, and have different variables; give them once',
      "template.variables.FAY":
        '"Fay" and "FAY" are one user in this app, and have different variables; give them once',
    });
    const flat = await realtime("Fay", { Fay: of("A"), fay: of("B") });
    expect(flat.body.error.details).toEqual({
      "template.variables.fay": expect.stringContaining('"Fay" and "fay" are one user'),
    });
    expect((await folding.api("GET", "/notifications?limit=1")).body.data[0]?.id).toBe(before);
  });

  it("have their variables in realtime in any spelling, flat ones named as they are", async () => {
    expect((await realtime("Gil", { GIL: of("Gil") })).status).toBe(200);
    expect(await newestOf("gil")).toBe("Hello Gil, your order is 1.");
    expect((await realtime("GIL", of("Flat", "2"))).status).toBe(200);
    expect(await newestOf("Gil")).toBe("Hello Flat, your order is 2.");
  });

  it("are named in errors as they were sent", async () => {
    const send = (receivers: string[], variables: object) =>
      folding.call("POST", "/notifications/messages", { templateId: KEY, receivers, variables });
    const lacking = await send(["Hal"], {});
    expect(Object.keys(lacking.body.error.details)).toEqual([
      "variables.Hal.customerName",
      "variables.Hal.orderId",
    ]);
    const wrong = await send(["Hal"], { HAL: { customerName: "Hal", orderId: [] } });
    expect(Object.keys(wrong.body.error.details)).toEqual(["variables.HAL.orderId"]);
  });

  it("are another call for an Idempotency-Key: it stands for the body as it was sent", async () => {
    const send = (target: string) =>
      folding.send(
        { template: { key: KEY, variables: of("Ivy") }, targets: [target], mode: "realtime" },
        { "idempotency-key": "ivy" },
      );
    const first = await send("Ivy");
    expect((await send("Ivy")).body.notificationId).toBe(first.body.notificationId);
    expect((await send("ivy")).status).toBeGreaterThanOrEqual(400);
  });
});

describe("a targets file", () => {
  const csv = "user_id,customerName,orderId\nKim,First,1\nkim,Last,2\nLEE,Lee,3\n";

  it("of a form of the business messaging family has its users in lower case, whichever family sends it", async () => {
    expect((await uploadAsBusiness("folded.csv", csv)).status).toBe(204);
    expect(await getFile(folding, "folded.csv")).toMatchObject({ rows: 2, duplicates: 1 });
    const sent = await folding.send({ template: { key: KEY }, targetsFile: "folded.csv", mode: "batch" });
    const done = await waitUntilCompleted(folding, sent.body.notificationId);
    expect(done).toMatchObject({ duplicates: 1, counts: { "in-app-alerts": { total: 2, delivered: 2 } } });
    expect(await newestOf("KIM")).toBe("Hello Last, your order is 2.");
    // Variables beside a file are for its users, by its rule.
    const template = { key: KEY, variables: { Kim: { customerName: "Beside" } } };
    const platform = { template, targets_filename: "folded.csv", mode: "batch" };
    const again = await callPlatform(folding, "POST", "/v1/notifications/messages", platform);
    await waitUntilCompleted(folding, again.body.notification_id);
    expect(await newestOf("kim")).toBe("Hello Beside, your order is 2.");
    const clash = { Kim: { customerName: "A" }, KIM: { customerName: "B" } };
    const refused = await folding.send({
      template: { key: KEY, variables: clash },
      targetsFile: "folded.csv",
      mode: "batch",
    });
    expect(Object.keys(refused.body.error.details)).toEqual(["template.variables.KIM"]);
  });

  it("of a form of the platform family keeps them, whichever family sends it", async () => {
    await uploadCsv(folding, "kept.csv", csv);
    expect(await getFile(folding, "kept.csv")).toMatchObject({ rows: 3, duplicates: 0 });
    const variables = { Kim: { customerName: "Capital" }, kim: { customerName: "Small" } };
    const body = { template: { key: KEY, variables }, targetsFile: "kept.csv", mode: "batch" };
    const sent = await folding.send(body);
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    const id = sent.body.notificationId;
    const done = await waitUntilCompleted(folding, id);
    expect(done.counts["in-app-alerts"]).toMatchObject({ total: 3, delivered: 3 });
    expect(await newestOf("KIM")).toBe("Hello Small, your order is 2.");
    const { data } = (await folding.api("GET", `/notifications/${id}/deliveries`)).body;
    expect(data.map((row: Body) => row.userId).sort()).toEqual(["Kim", "LEE", "kim"]);
  });

  it("is refused where an id is too long in lower case", async () => {
    const { status, body } = await uploadAsBusiness("long.csv", `user_id\nok\n${"Ⱥ".repeat(100)}\n`);
    expect([status, body.error.code ?? body.code]).toEqual([400, expect.anything()]);
    expect(JSON.stringify(body)).toContain("line 3: user_id must be a user id");
  });

  it("has one row for ids that are one in lower case, whatever characters they have", async () => {
    const rows = ['"A""b\\c"', '"a""B\\C"', "ÉLAN", "élan", "\u212aim", "KIM"].join("\n");
    expect((await uploadAsBusiness("odd.csv", `user_id\n${rows}\n`)).status).toBe(204);
    expect(await getFile(folding, "odd.csv")).toMatchObject({ rows: 3, duplicates: 3 });
  });

  it("keeps its users in an app that keeps user ids", async () => {
    const keeping = await createReadyApp({}, { foldsUserIds: false });
    const { body } = await keeping.api("POST", "/targets-files/f.csv/presigned-urls", {});
    expect((await postForm(formOf(body.fields, csv))).status).toBe(204);
    expect(await getFile(keeping, "f.csv")).toMatchObject({ rows: 3, duplicates: 0 });
  });
});
