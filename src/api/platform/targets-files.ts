import * as v from "valibot";
import { receiveUpload } from "../../audiences/upload.ts";
import { authenticateToken } from "../../http/auth.ts";
import { readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { decodeCursor, encodeCursor, limitSchema } from "../../http/pagination.ts";
import { json } from "../../http/responses.ts";
import type { Route } from "../../http/router.ts";
import { parseInput, queryOf } from "../../http/validation.ts";
import type { ListedTargetsFile } from "../../model/targets-file.ts";
import { KEEPS_USER_IDS } from "../../model/user-ids.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { presignUpload, readFileContent, requireTargetsFile, UPLOAD_PATH } from "../targets-files.ts";

const PresignSchema = v.object(
  { overwrite_duplicate_key: v.nullish(v.boolean("must be true or false")) },
  "must be a JSON object",
);

const ListQuerySchema = v.object({
  token: v.optional(v.string()),
  limit: limitSchema(100),
});

/** `POST /v1/storage/targets_files/{file_key}/presigned_urls` (seed 004, step 1) */
const postPresignedUrl: Handler = async (request, context) => {
  const { app, actor } = await authenticateToken(request, context, "send");
  const fileKey = pathParam(request, "fileKey");
  const { overwrite_duplicate_key } = parseInput(PresignSchema, await readOptionalJson(request));
  const mayOverwrite = overwrite_duplicate_key ?? false;
  const upload = { fileKey, mayOverwrite, field: "file_key", rule: KEEPS_USER_IDS } as const;
  const { url, fields } = await presignUpload(context, app, actor, upload);
  return json({ url, fields, file_key: fileKey });
};

/** The upload route of both families (seed 004, step 2). The signature is the permission: no API key is read. */
const postUpload: Handler = async (request, { env, execution, requestId, url }) => {
  const upload = receiveUpload(env, request, requestId);
  // A client that leaves ends its request; what it held is let go of all the same.
  execution.waitUntil(upload.catch(() => {}));
  const { fileKey, httpEtag } = await upload;
  const location = `${url.origin}/v1/storage/targets_files/${fileKey}`;
  return new Response(null, { status: 204, headers: { etag: httpEtag, location } });
};

/** `GET /v1/storage/targets_files`: newest first; `next` is empty at the end. */
const listFiles: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "read");
  const { token, limit } = parseInput(ListQuerySchema, queryOf(context.url));
  const before = decodeCursor(token === "" ? undefined : token, 1, /^/, "token")?.[0] ?? null;
  const files = await getRegistryStub(context.env, app.id).listTargetsFiles(before, limit + 1);
  const page = files.slice(0, limit);
  const last = page.at(-1);
  return json({
    files: page.map(presentListedFile),
    next: files.length > limit && last !== undefined ? encodeCursor([last.id]) : "",
  });
};

/** `GET /v1/storage/targets_files/{file_key}`: beyond the seed, with rows, columns and duplicates. */
const getFile: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "read");
  const file = await requireTargetsFile(context.env, app, pathParam(request, "fileKey"));
  const { rows, columns, duplicates } = file;
  return json({ ...presentListedFile(file), rows, columns, duplicates });
};

/** `GET /v1/storage/targets_files/{file_key}/content`: the CSV as uploaded. */
const getContent: Handler = async (request, context) => {
  const { app } = await authenticateToken(request, context, "read");
  return readFileContent(context.env, app, pathParam(request, "fileKey"));
};

/** `DELETE /v1/storage/targets_files/{file_key}`: sends that were accepted go out whole. */
const deleteFile: Handler = async (request, context) => {
  const { app, actor } = await authenticateToken(request, context, "send");
  const { fileKey } = await requireTargetsFile(context.env, app, pathParam(request, "fileKey"));
  await getRegistryStub(context.env, app.id).deleteTargetsFile(fileKey, actor);
  return json({ file_key: fileKey, deleted: true });
};

export const targetsFileRoutes: Route[] = [
  ["POST", UPLOAD_PATH, postUpload],
  ["GET", "/v1/storage/targets_files", listFiles],
  ["POST", "/v1/storage/targets_files/:fileKey/presigned_urls", postPresignedUrl],
  ["GET", "/v1/storage/targets_files/:fileKey/content", getContent],
  ["GET", "/v1/storage/targets_files/:fileKey", getFile],
  ["DELETE", "/v1/storage/targets_files/:fileKey", deleteFile],
];

function presentListedFile({ fileKey, size, expiresAt, uploadedAt }: ListedTargetsFile): object {
  return { file_key: fileKey, file_size: size, expires_at: expiresAt, uploaded_at: uploadedAt };
}
