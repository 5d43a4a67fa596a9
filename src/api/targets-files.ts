import { decompressStream } from "../audiences/gzip.ts";
import { signUpload, type UploadFields } from "../audiences/upload-signature.ts";
import { getSigningSecret } from "../copies/root-secrets.ts";
import type { Bindings } from "../env.ts";
import type { Context } from "../http/context.ts";
import type { AppRecord } from "../model/app.ts";
import type { Actor } from "../model/audit.ts";
import { faultsToError, OnecallError } from "../model/errors.ts";
import { keys } from "../model/keys.ts";
import { NO_APP, NO_TARGETS_FILE } from "../model/missing.ts";
import { requireFound, requireValue } from "../model/outcome.ts";
import type { TargetsFile } from "../model/targets-file.ts";
import type { UserIdRule } from "../model/user-ids.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";

/** What both families' targets-file routes do. */

/** Where the signed form is posted to. */
export const UPLOAD_PATH = "/v1/storage/uploads";

const FILE_KEY = /^[A-Za-z0-9._-]{1,200}$/;

/** What a family asks for: the file's key, by the name that it has there, and how user ids are taken. */
interface UploadRequest {
  fileKey: string;
  mayOverwrite: boolean;
  field: "file_key" | "fileKey";
  rule: UserIdRule;
}

/** Permission to upload one file: the seed's `url` and `fields`. 409 where the key is taken. */
export async function presignUpload(
  { env, url }: Context,
  app: AppRecord,
  actor: Actor,
  { fileKey, mayOverwrite, field, rule }: UploadRequest,
): Promise<{ url: string; fields: UploadFields }> {
  if (!FILE_KEY.test(fileKey) || fileKey === "." || fileKey === "..") {
    const message = "must have 1 to 200 letters, digits, underscores, hyphens and periods";
    throw faultsToError([{ field, message }]);
  }
  if (!mayOverwrite && (await getRegistryStub(env, app.id).getTargetsFile(fileKey)) !== null) {
    throw new OnecallError(
      "ERR_CONFLICT",
      `A targets file with the key "${fileKey}" exists. Use another key, or allow overwriting.`,
    );
  }
  const root = requireFound(await getSigningSecret(env, app.id), NO_APP);
  const { key, keyId } = actor;
  const upload = {
    appId: app.id,
    fileKey,
    mayOverwrite,
    foldsUserIds: rule.foldsUserIds,
    generation: root.generation,
    presignedBy: { key, keyId },
  };
  const fields = await signUpload(root.secret, upload, Date.now());
  return { url: `${url.origin}${UPLOAD_PATH}`, fields };
}

export async function requireTargetsFile(
  env: Bindings,
  app: AppRecord,
  fileKey: string,
): Promise<TargetsFile> {
  return requireFound(await getRegistryStub(env, app.id).getTargetsFile(fileKey), NO_TARGETS_FILE);
}

export async function deleteFile(
  env: Bindings,
  app: AppRecord,
  fileKey: string,
  actor: Actor,
): Promise<void> {
  requireValue(await getRegistryStub(env, app.id).deleteTargetsFile(fileKey, actor));
}

/** The CSV as it was uploaded. */
export async function readFileContent(env: Bindings, app: AppRecord, fileKey: string): Promise<Response> {
  const file = await requireTargetsFile(env, app, fileKey);
  const object = await env.TARGETS.get(keys.r2TargetsFile(app.id, file.audienceId));
  if (object === null) throw new OnecallError("ERR_NOT_FOUND", "The targets file's content is gone.");
  // Earlier versions stored it as it is.
  const isCompressed = object.httpMetadata?.contentEncoding === "gzip";
  const content = isCompressed ? decompressStream(object.body) : object.body;
  return new Response(content.pipeThrough(new FixedLengthStream(file.size)), {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      // A HEAD has no stream that says it.
      "content-length": String(file.size),
      // Never shown as a page of this origin, whatever its cells hold.
      "content-disposition": `attachment; filename="${fileKey}"`,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    },
  });
}
