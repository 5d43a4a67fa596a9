import { beforeAll, describe, expect, it } from "vitest";
import { signUpload } from "../../src/audiences/upload-signature.ts";
import { type Answer, createApp, type TestApp } from "../support/api.ts";
import { bindings } from "../support/faults.ts";
import {
  callPlatform,
  expectNothingStored,
  type Fields,
  formOf,
  postForm,
  presignedFields,
} from "../support/targets-files.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createApp();
});

const CSV = "user_id,name\nuser-1,Bob\n";
const HOUR_MS = 3_600_000;

async function signedAt(timeMs: number, fileKey: string): Promise<Fields> {
  const secret = await bindings.REGISTRY.getByName(app.id).getRootSecret();
  return signUpload(secret ?? "", { appId: app.id, fileKey, mayOverwrite: false }, timeMs);
}

describe("the signature of an upload", () => {
  const send = async (change: (fields: Fields) => Fields): Promise<Answer> =>
    postForm(formOf(change(await presignedFields(app, "signed.csv")), CSV));

  const names = ["Expires", "Content-Type", "key", "x-amz-algorithm", "x-amz-credential", "x-amz-date"];
  it.each([...names, "policy", "x-amz-signature"])("covers the field %s", async (name) => {
    const changed = await send((fields) => ({ ...fields, [name]: `${fields[name]}0` }));
    const missing = await send(({ [name]: _, ...others }) => others);
    expect([changed.status, missing.status]).toEqual([403, 403]);
    expect(changed.body).toMatchObject({ error: true, code: 403100, message: expect.any(String) });
    await expectNothingStored(app);
  });

  it.each(["acl", "__proto__"])("covers that there is no field %s", async (name) => {
    const form = formOf(await presignedFields(app, "added.csv"), CSV);
    const added = new FormData();
    added.append(name, "public");
    for (const [field, value] of form) added.append(field, value);
    expect((await postForm(added)).status).toBe(403);
    await expectNothingStored(app);
  });

  it("is for its own file key and its own app", async () => {
    const other = await createApp();
    const [mine, otherKey, otherApp] = await Promise.all([
      presignedFields(app, "mine.csv"),
      presignedFields(app, "other.csv"),
      presignedFields(other, "mine.csv"),
    ]);
    for (const { policy = "", key = "" } of [otherKey, otherApp]) {
      expect((await postForm(formOf({ ...mine, policy }, CSV))).status).toBe(403);
      expect((await postForm(formOf({ ...mine, policy, key }, CSV))).status).toBe(403);
    }
    await Promise.all([expectNothingStored(app), expectNothingStored(other)]);
  });

  it("comes before the file", async () => {
    const form = new FormData();
    form.append("file", new File([CSV], "users.csv"));
    for (const [name, value] of Object.entries(await presignedFields(app, "late.csv")))
      form.append(name, value);
    expect((await postForm(form)).status).toBe(403);
    await expectNothingStored(app);
  });

  it("lasts an hour from its x-amz-date", async () => {
    const late = await postForm(formOf(await signedAt(Date.now() - HOUR_MS - 1000, "hour.csv"), CSV));
    expect([late.status, late.body.message]).toEqual([403, expect.stringContaining("expired")]);
    await expectNothingStored(app);
    const early = await postForm(formOf(await signedAt(Date.now() - HOUR_MS + 60_000, "hour.csv"), CSV));
    expect(early.status).toBe(204);
    await callPlatform(app, "DELETE", "/v1/storage/targets_files/hour.csv");
  });
});
