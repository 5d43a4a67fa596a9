import * as v from "valibot";
import { receiveUpload } from "../../audiences/upload.ts";
import { BY_FORM, byApiToken } from "../../http/access.ts";
import { decodeCursor, encodeCursor, limitSchema } from "../../http/pagination.ts";
import { json } from "../../http/responses.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { ANY_QUERY, ownBody, parsedJson, parsedQuery } from "../../http/route-input.ts";
import type { ListedTargetsFile } from "../../model/targets-file.ts";
import { KEEPS_USER_IDS } from "../../model/user-ids.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import {
  deleteFile,
  presignUpload,
  readFileContent,
  requireTargetsFile,
  UPLOAD_PATH,
} from "../targets-files.ts";
import { UploadFormSchema } from "../upload-answers.ts";
import {
  DeletedPlatformFileSchema,
  PlatformFileSchema,
  PlatformFilesSchema,
  PlatformPresignedSchema,
} from "./answers.ts";
import { PLATFORM_FILE_EXAMPLES, PLATFORM_PRESIGN_EXAMPLES } from "./examples.ts";

const PresignSchema = v.object(
  { overwrite_duplicate_key: v.nullish(v.boolean("must be true or false")) },
  "must be a JSON object",
);

const ListQuerySchema = v.object({
  token: v.optional(v.string()),
  limit: limitSchema(100),
});

const postPresignedUrl = defineRoute({
  id: "presignPlatformFile",
  method: "POST",
  path: "/v1/storage/targets_files/:fileKey/presigned_urls",
  access: byApiToken("send"),
  summary: "A signed form to upload a CSV with",
  query: ANY_QUERY,
  body: parsedJson(PresignSchema, { isOptional: true, isLenient: true }),
  answers: { 200: PlatformPresignedSchema },
  errors: ["ERR_CONFLICT", "ERR_NOT_FOUND"],
  examples: PLATFORM_PRESIGN_EXAMPLES,
  handle: async (call) => {
    const { app, actor, params, body } = call;
    const fileKey = params.fileKey;
    const { overwrite_duplicate_key } = body;
    const mayOverwrite = overwrite_duplicate_key ?? false;
    const upload = { fileKey, mayOverwrite, field: "file_key", rule: KEEPS_USER_IDS } as const;
    const { url, fields } = await presignUpload(call, app, actor, upload);
    return json({ url, fields, file_key: fileKey });
  },
});

const postUpload = defineRoute({
  id: "uploadTargetsFile",
  method: "POST",
  path: UPLOAD_PATH,
  access: BY_FORM,
  summary: "Upload a CSV with a signed form",
  query: ANY_QUERY,
  body: ownBody(UploadFormSchema, { mediaTypes: ["multipart/form-data"] }),
  answers: { 204: { mediaType: null, description: "The file is stored" } },
  errors: [
    "ERR_CONFLICT",
    "ERR_NOT_FOUND",
    "ERR_INVALID_TARGETS_FILE",
    "ERR_QUOTA_EXCEEDED",
    "ERR_FORBIDDEN",
    "ERR_UNAUTHORIZED",
    "ERR_TOO_MANY_REQUESTS",
  ],
  handle: async ({ env, execution, requestId, url, request }) => {
    const upload = receiveUpload(env, request, requestId);
    // A client that leaves ends its request; what it held is let go of all the same.
    execution.waitUntil(upload.catch(() => {}));
    const { fileKey, httpEtag } = await upload;
    const location = `${url.origin}/v1/storage/targets_files/${fileKey}`;
    return new Response(null, { status: 204, headers: { etag: httpEtag, location } });
  },
});

const listFiles = defineRoute({
  id: "listPlatformFiles",
  method: "GET",
  path: "/v1/storage/targets_files",
  access: byApiToken("read"),
  summary: "Targets files, newest first; next is empty at the end",
  query: parsedQuery(ListQuerySchema, { isLenient: true }),
  answers: { 200: PlatformFilesSchema },
  handle: async ({ app, env, query }) => {
    const { token, limit } = query;
    const before = decodeCursor(token === "" ? undefined : token, 1, /^/, "token")?.[0] ?? null;
    const files = await getRegistryStub(env, app.id).listTargetsFiles(before, limit + 1);
    const page = files.slice(0, limit);
    const last = page.at(-1);
    return json({
      files: page.map(presentListedFile),
      next: files.length > limit && last !== undefined ? encodeCursor([last.id]) : "",
    });
  },
});

const getFile = defineRoute({
  id: "getPlatformFile",
  method: "GET",
  path: "/v1/storage/targets_files/:fileKey",
  access: byApiToken("read"),
  summary: "A targets file with its rows, columns and duplicates",
  query: ANY_QUERY,
  answers: { 200: PlatformFileSchema },
  errors: ["ERR_NOT_FOUND"],
  examples: PLATFORM_FILE_EXAMPLES,
  handle: async ({ app, env, params }) => {
    const file = await requireTargetsFile(env, app, params.fileKey);
    const { rows, columns, duplicates } = file;
    return json({ ...presentListedFile(file), rows, columns, duplicates });
  },
});

const getContent = defineRoute({
  id: "downloadPlatformFile",
  method: "GET",
  path: "/v1/storage/targets_files/:fileKey/content",
  access: byApiToken("read"),
  summary: "The CSV as it was uploaded",
  query: ANY_QUERY,
  answers: { 200: { mediaType: "text/csv", description: "The file" } },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    return readFileContent(env, app, params.fileKey);
  },
});

const deleteFileRoute = defineRoute({
  id: "deletePlatformFile",
  method: "DELETE",
  path: "/v1/storage/targets_files/:fileKey",
  access: byApiToken("send"),
  summary: "Delete a file; sends that were accepted go out whole",
  query: ANY_QUERY,
  answers: { 200: DeletedPlatformFileSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, actor, env, params }) => {
    await deleteFile(env, app, params.fileKey, actor);
    return json({ file_key: params.fileKey, deleted: true });
  },
});

export const targetsFileRoutes: Route[] = [
  postUpload,
  listFiles,
  postPresignedUrl,
  getContent,
  getFile,
  deleteFileRoute,
];

function presentListedFile({ fileKey, size, expiresAt, uploadedAt }: ListedTargetsFile): object {
  return { file_key: fileKey, file_size: size, expires_at: expiresAt, uploaded_at: uploadedAt };
}
