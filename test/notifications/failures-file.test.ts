import { beforeAll, describe, expect, it } from "vitest";
import { API, createReadyApp, createTemplate, fetchWorker, type TestApp } from "../support/api.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { waitUntilCompleted } from "../support/wait.ts";

let app: TestApp;

/** One variable that everybody lacks, so that everybody fails, and others of every kind. */
const SCHEMA = {
  must: { type: "string" },
  note: { type: "string", default: "D" },
  more: { type: "string", required: false },
  cta: { type: "action", required: false },
};
const CONTENT = { note: "[{{note}}]", more: "[{{more}}]", cta: "{{cta}}" };

beforeAll(async () => {
  app = await createReadyApp();
  await createTemplate(app, { key: "kinds", content: { "in-app-alerts": CONTENT }, variableSchema: SCHEMA });
});

async function sendAndWait(body: object): Promise<{ id: string; counts: Record<string, unknown> }> {
  const sent = await app.send({ mode: "batch", ...body });
  expect(sent.status, JSON.stringify(sent.body)).toBe(200);
  const id = sent.body.notificationId;
  return { id, counts: (await waitUntilCompleted(app, id)).counts["in-app-alerts"] };
}

/** The file as it is downloaded. */
async function readFailures(id: string): Promise<string> {
  const path = `${API}/notifications/${id}/deliveries.csv?status=failed`;
  return (await fetchWorker(`https://onecall.test${path}`, { headers: app.headers })).text();
}

const contentOf = async (uid: string) =>
  (await (await app.asUser(uid))("GET", "/feed")).body.data.map(
    ({ content }: { content: object }) => content,
  );

describe("a failures file that is uploaded again", () => {
  const values: Record<string, Record<string, unknown>> = {
    empty: { note: "", more: "" },
    absent: {},
    null: { note: null, more: null },
    spaces: { note: " ", more: "\t" },
    quotes: { note: '"', more: ' "x" ' },
    lines: { note: "a\r\nb\n", more: "\r" },
    signs: { note: "=1+1", more: "a,b;c\td|e" },
    mark: { note: "\ufeff", more: '\u00a0"x"' },
    action: { cta: { type: "custom", data: "" } },
    "comma,id": { note: "x" },
  };
  const uids = Object.keys(values);

  it("gives each target the variables that it had, to the last empty text", async () => {
    const first = await sendAndWait({ template: { key: "kinds", variables: values }, targets: uids });
    expect(first.counts).toMatchObject({ failed: { missing_variables: uids.length } });
    const csv = await readFailures(first.id);
    expect(csv.split("\n")[0]).toBe("user_id,must,note,more,cta.type,cta.data,_reason");
    expect(csv).toContain('\nempty,,"","",,,missing_variables\n');
    expect(csv).toContain("\nabsent,,,,,,missing_variables\n");
    await uploadCsv(app, "failures.csv", csv);
    // Sent as it is it fails again, and its failures file is the same.
    const again = await sendAndWait({ template: { key: "kinds" }, targetsFile: "failures.csv" });
    expect((await readFailures(again.id)).split("\n").sort()).toEqual(csv.split("\n").sort());

    const must = Object.fromEntries(uids.map((uid) => [uid, { must: "x" }]));
    const mended = await sendAndWait({
      template: { key: "kinds", variables: must },
      targetsFile: "failures.csv",
    });
    expect(mended.counts).toMatchObject({ delivered: uids.length });
    for (const [uid, { note, more, cta }] of Object.entries(values)) {
      const shown = { note: `[${note ?? "D"}]`, more: `[${more ?? ""}]` };
      expect(await contentOf(uid), uid).toMatchObject([cta === undefined ? shown : { ...shown, cta }]);
    }
  });

  it("takes a target at the limit of its variables", async () => {
    const uid = "u".repeat(255);
    const note = "x".repeat(16_384 - 2 - 'null,"",null,null'.length);
    const variables = { [uid]: { note } };
    const { id } = await sendAndWait({ template: { key: "kinds", variables }, targets: [uid] });
    const csv = await readFailures(id);
    expect(csv).toContain(note);
    await uploadCsv(app, "largest.csv", csv);
  });
});
