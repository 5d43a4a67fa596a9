import assert from "node:assert/strict";
import { test } from "node:test";
import { readRow } from "../../src/dashboard/csv-row.ts";

const CSV = 'user_id,name,note\nann,"Ann ""A"", B","two\nlines"\n\n,,\nbob, Bob ,\n';

test("a row is read as the service reads it: quotes, line breaks in them, blank lines", async () => {
  const row = (number: number) => readRow(new Blob([CSV]), number);
  assert.deepEqual(await row(1), { userId: "ann", cells: { name: 'Ann "A", B', note: "two\nlines" } });
  assert.deepEqual(await row(2), { userId: "bob", cells: { name: " Bob " } });
  assert.deepEqual(await row(3), { userId: "", cells: {} });
});

test("whatever separates the cells, with a mark at the beginning, and without a line end at the end", async () => {
  for (const separator of [",", ";", "\t", "|"]) {
    const text = ["\uFEFFname;user_id", "Ann;ann", '"B;b";bob'].join("\r\n").replaceAll(";", separator);
    const found = await readRow(new Blob([text]), 2);
    assert.deepEqual(found, { userId: "bob", cells: { name: `B${separator}b` } });
  }
  const named = await readRow(new Blob(["sep=;\r\nuser_id;note\r\nann;a, b\r\n"]), 1);
  assert.deepEqual(named, { userId: "ann", cells: { note: "a, b" } });
});

test("of a large file no more is read than is needed", async () => {
  let pulled = 0;
  const piece = new TextEncoder().encode(`${"ann,Ann\n".repeat(1000)}`);
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled++;
        controller.enqueue(pulled === 1 ? new TextEncoder().encode("user_id,name\n") : piece);
      },
    },
    { highWaterMark: 0 },
  );
  const file = Object.assign(new Blob(), { stream: () => stream });
  assert.deepEqual(await readRow(file, 1500), { userId: "ann", cells: { name: "Ann" } });
  assert.ok(pulled < 20, `${pulled} pieces`);
});
