import { beforeEach, describe, expect, it } from "vitest";
import { signUpload } from "../../src/audiences/upload-signature.ts";
import { type Body, callAsAdmin, createApp, type TestApp } from "../support/api.ts";
import { changesOf, readAuditLog } from "../support/audit-log.ts";
import { bindings } from "../support/faults.ts";
import {
  callPlatform,
  formOf,
  postForm,
  presign,
  presignedFields,
  uploadCsv,
} from "../support/targets-files.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let app: TestApp;
beforeEach(async () => {
  app = await createApp();
});

describe("the audit log of targets files", () => {
  const csv = "user_id,name\nu1,Secret name\nu2,B\nu2,C\n";

  it("names the key that asked for the upload, and what it replaced", async () => {
    await uploadCsv(app, "a.csv", csv);
    await uploadCsv(app, "a.csv", "user_id\nu1\n", true);
    expect((await callPlatform(app, "DELETE", "/v1/storage/targets_files/a.csv")).status).toBe(200);
    await uploadCsv(app, "a.csv", csv);
    expect((await app.api("DELETE", "/targets-files/a.csv")).status).toBe(200);
    const lines = await changesOf(app);
    const target = { type: "targets_file", id: "a.csv" };
    const [first, second, third] = lines.filter(({ action }) => action === "targets_file.uploaded");
    const uploadOf = ({ details }: Body) => details.uploadId;
    const sizes = { rows: 2, duplicates: 1, size: csv.length };
    expect(lines).toEqual([
      {
        action: "targets_file.uploaded",
        target,
        details: { uploadId: expect.stringMatching(UUID), ...sizes, replacedUploadId: null },
      },
      {
        action: "targets_file.uploaded",
        target,
        details: {
          uploadId: uploadOf(second),
          rows: 1,
          duplicates: 0,
          size: 11,
          replacedUploadId: uploadOf(first),
        },
      },
      { action: "targets_file.deleted", target, details: { uploadId: uploadOf(second), rows: 1 } },
      {
        action: "targets_file.uploaded",
        target,
        details: { uploadId: uploadOf(third), ...sizes, replacedUploadId: null },
      },
      { action: "targets_file.deleted", target, details: { uploadId: uploadOf(third), rows: 2 } },
    ]);
    const [key] = (await callAsAdmin("GET", `/admin/apps/${app.id}/keys`)).body.data;
    for (const { actor, requestId } of await readAuditLog(app, { targetType: "targets_file" })) {
      expect(actor).toEqual({ type: "api_key", key: key.key, keyId: key.id });
      expect(requestId).toEqual(expect.any(String));
    }
  });

  it("leaves the key open for a form of a release that didn't sign who asked for it", async () => {
    const secret = await bindings.REGISTRY.getByName(app.id).getRootSecret();
    const upload = { appId: app.id, fileKey: "old.csv", mayOverwrite: false };
    expect((await postForm(formOf(await signUpload(secret ?? "", upload, Date.now()), csv))).status).toBe(
      204,
    );
    const [line] = await readAuditLog(app);
    expect([line.target.id, line.actor]).toEqual(["old.csv", { type: "api_key", key: null, keyId: null }]);
  });

  it("has no line for an upload or a deletion that was refused", async () => {
    const early = await presignedFields(app, "a.csv");
    await uploadCsv(app, "a.csv", csv);
    const before = await readAuditLog(app);
    expect((await postForm(formOf(early, csv))).status).toBe(409);
    expect((await presign(app, "a.csv")).status).toBe(409);
    expect((await postForm(formOf(await presignedFields(app, "b.csv"), "nothing"))).status).toBe(400);
    expect((await app.api("DELETE", "/targets-files/none.csv")).status).toBe(404);
    expect(await readAuditLog(app)).toEqual(before);
  });
});
