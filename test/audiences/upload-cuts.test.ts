import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { parseChunk } from "../../src/audiences/store.ts";
import { receiveUpload } from "../../src/audiences/upload.ts";
import { type FormPiece, readForm } from "../../src/http/multipart.ts";
import { createApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import { fieldParts, part, requestOf } from "../support/forms.ts";
import { readStoredText } from "../support/stored-objects.ts";
import { listStored, presignedFields } from "../support/targets-files.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createApp();
});

function cutBytes(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).flatMap((end, i) => (end === cuts[i] ? [] : [bytes.slice(cuts[i], end)]));
}

async function readFormWhole(pieces: readonly Uint8Array[]): Promise<{ fields: FormPiece[]; file: string }> {
  const events: FormPiece[] = [];
  for await (const event of readForm(
    requestOf(pieces).headers.get("content-type"),
    requestOf(pieces).body ?? new Blob([]).stream(),
    "file",
  ))
    events.push(event);
  const bytes = events.flatMap((event) => (event.kind === "bytes" ? [...event.bytes] : []));
  const file = new TextDecoder().decode(new Uint8Array(bytes));
  return { fields: events.filter(({ kind }) => kind !== "bytes"), file };
}

describe("any cut of the upload into pieces", () => {
  const csv = '\ufeffuser_id,name\r\nuser-1,"Zoë\r\n😀"\r\n\r\n--x\r\n-\r\nüser,\r\n';
  const bytes = new TextEncoder().encode(
    `${part('name="key"', "a\r\nb")}${part('name="file"', csv.replace("\r\n--x", "\n--x"))}--x--\r\n`,
  );

  it("gives the same form", async () => {
    const whole = await readFormWhole([bytes]);
    expect(whole.file).toBe(csv.replace("\r\n--x", "\n--x").replace("\ufeff", ""));
    expect(await readFormWhole(Array.from(bytes, (byte) => new Uint8Array([byte])))).toEqual(whole);
    const places = fc.array(fc.nat(1000), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(places, async (cuts) => {
        expect(await readFormWhole(cutBytes(bytes, cuts))).toEqual(whole);
      }),
      { numRuns: 1500 },
    );
  });

  const upload = async (content: Uint8Array, pieceLength: number): Promise<string> => {
    const signed = await presignedFields(app, "cut.csv", true);
    const encoder = new TextEncoder();
    const head = encoder.encode(
      `${fieldParts(signed)}--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n`,
    );
    const form = new Uint8Array([...head, ...content, ...encoder.encode("\r\n--x--")]);
    const places = Array.from({ length: Math.ceil(form.length / pieceLength) }, (_, i) => i * pieceLength);
    return receiveUpload(bindings, requestOf(cutBytes(form, places)), "a-request").then(
      () => "taken",
      (error: Error) => error.message,
    );
  };

  it.each([1, 2, 3, 5, 7, 10_000])("gives the same audience: %d bytes each", async (pieceLength) => {
    const good = new TextEncoder().encode('\ufeffuser_id,name\r\nuser-1,"Zoë\r\n😀"\r\nüser,é\r\n');
    expect(await upload(good, pieceLength)).toBe("taken");
    const index =
      (await listStored(app))
        .filter((key) => key.endsWith(".index"))
        .sort()
        .at(-1) ?? "";
    const rows = parseChunk((await readStoredText(bindings.TARGETS, index.replace(".index", ""))) ?? "");
    expect(rows.sort()).toEqual([
      ["user-1", "Zoë\r\n😀"],
      ["üser", "é"],
    ]);
  });

  it.each([1, 2, 3, 5, 7, 10_000])("names the line that isn't UTF-8: %d bytes each", async (pieceLength) => {
    const text = new TextEncoder().encode("user_id,name\nu,\ufffd\nv,😀\nw,é\nx,");
    const bad = new Uint8Array([...text, 0xe9, 10, 0x79, 44, 0x7a, 10]);
    expect(await upload(bad, pieceLength)).toMatch(/^line 5: the text isn't UTF-8/);
  });
});
