import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { PageQuerySchema, readPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { parsedJson, parsedQuery } from "../../http/route-input.ts";
import type { ListedTargetsFile, TargetsFile } from "../../model/targets-file.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { pageOf } from "../schemas.ts";
import { deleteFile, presignUpload, readFileContent, requireTargetsFile } from "../targets-files.ts";
import { PresignedSchema } from "../upload-answers.ts";
import { API } from "./paths.ts";
import { PRESIGN_EXAMPLES, TARGETS_FILE_EXAMPLES } from "./settings-examples.ts";
import { DeletedFileSchema, ListedTargetsFileSchema, TargetsFileSchema } from "./user-answers.ts";

const PresignSchema = v.object(
  { overwriteDuplicateKey: v.nullish(v.boolean("must be true or false")) },
  "must be a JSON object",
);

export const postPresignedUrl = defineRoute({
  id: "presignTargetsFile",
  method: "POST",
  path: `${API}/targets-files/:fileKey/presigned-urls`,
  access: byApiKey("send"),
  summary: "A signed form to upload a CSV with",
  body: parsedJson(PresignSchema, { isOptional: true }),
  answers: { 200: PresignedSchema },
  errors: ["ERR_CONFLICT", "ERR_NOT_FOUND"],
  examples: PRESIGN_EXAMPLES,
  handle: async (call) => {
    const { app, actor, params, body } = call;
    const fileKey = params.fileKey;
    const { overwriteDuplicateKey } = body;
    const mayOverwrite = overwriteDuplicateKey ?? false;
    const upload = { fileKey, mayOverwrite, field: "fileKey", rule: app } as const;
    return json({ ...(await presignUpload(call, app, actor, upload)), fileKey });
  },
});

export const listTargetsFiles = defineRoute({
  id: "listTargetsFiles",
  method: "GET",
  path: `${API}/targets-files`,
  access: byApiKey("read"),
  summary: "Targets files, newest first, without their columns",
  query: parsedQuery(PageQuerySchema),
  answers: { 200: pageOf(ListedTargetsFileSchema) },
  handle: async ({ app, env, query }) => {
    const registry = getRegistryStub(env, app.id);
    const list = (before: string | null, limit: number) => registry.listTargetsFiles(before, limit);
    const { data, nextCursor } = await readPage(query, list, ({ id }) => id);
    return json({ data: data.map(presentListedFile), nextCursor });
  },
});

export const getTargetsFile = defineRoute({
  id: "getTargetsFile",
  method: "GET",
  path: `${API}/targets-files/:fileKey`,
  access: byApiKey("read"),
  summary: "A targets file",
  answers: { 200: TargetsFileSchema },
  errors: ["ERR_NOT_FOUND"],
  examples: TARGETS_FILE_EXAMPLES,
  handle: async ({ app, env, params }) => {
    return json(presentTargetsFile(await requireTargetsFile(env, app, params.fileKey)));
  },
});

export const getTargetsFileContent = defineRoute({
  id: "downloadTargetsFile",
  method: "GET",
  path: `${API}/targets-files/:fileKey/content`,
  access: byApiKey("read"),
  summary: "The CSV as it was uploaded",
  answers: { 200: { mediaType: "text/csv", description: "The file" } },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    return readFileContent(env, app, params.fileKey);
  },
});

export const deleteTargetsFile = defineRoute({
  id: "deleteTargetsFile",
  method: "DELETE",
  path: `${API}/targets-files/:fileKey`,
  access: byApiKey("send"),
  summary: "Delete a file; sends that were accepted go out whole",
  answers: { 200: DeletedFileSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, actor, env, params }) => {
    await deleteFile(env, app, params.fileKey, actor);
    return json({ fileKey: params.fileKey, deleted: true });
  },
});

function presentTargetsFile({ columns, ...file }: TargetsFile): object {
  return { ...presentListedFile(file), columns };
}

/** Without the columns, of which there may be many. */
function presentListedFile(file: ListedTargetsFile): object {
  const { id, fileKey, size, rows, duplicates, uploadedAt, expiresAt } = file;
  return {
    id,
    fileKey,
    size,
    rows,
    duplicates,
    uploadedAt: isoTime(uploadedAt),
    expiresAt: isoTime(expiresAt),
  };
}
