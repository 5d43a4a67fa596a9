import * as v from "valibot";
import { authenticate } from "../../http/auth.ts";
import { readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { parseInput, queryOf } from "../../http/validation.ts";
import type { ListedTargetsFile, TargetsFile } from "../../model/targets-file.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { presignUpload, readFileContent, requireTargetsFile } from "../targets-files.ts";

const PresignSchema = v.object(
  { overwriteDuplicateKey: v.nullish(v.boolean("must be true or false")) },
  "must be a JSON object",
);
const ListQuerySchema = v.object({ limit: LimitSchema, cursor: v.optional(v.string()) });

/** `POST {api}/targets-files/{fileKey}/presigned-urls` `{overwriteDuplicateKey?}` → `{url, fields, fileKey}` */
export const postPresignedUrl: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "send");
  const fileKey = pathParam(request, "fileKey");
  const { overwriteDuplicateKey } = parseInput(PresignSchema, await readOptionalJson(request));
  const mayOverwrite = overwriteDuplicateKey ?? false;
  const upload = { fileKey, mayOverwrite, field: "fileKey", rule: app } as const;
  return json({ ...(await presignUpload(context, app, actor, upload)), fileKey });
};

/** `GET {api}/targets-files`: newest first, without their columns. */
export const listTargetsFiles: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { limit, cursor } = parseInput(ListQuerySchema, queryOf(context.url));
  const before = decodeCursor(cursor, 1)?.[0] ?? null;
  const rows = await getRegistryStub(context.env, app.id).listTargetsFiles(before, limit + 1);
  const { data, nextCursor } = toPage(rows, limit, ({ id }) => [id]);
  return json({ data: data.map(presentListedFile), nextCursor });
};

/** `GET {api}/targets-files/{fileKey}` */
export const getTargetsFile: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  return json(presentTargetsFile(await requireTargetsFile(context.env, app, pathParam(request, "fileKey"))));
};

/** `GET {api}/targets-files/{fileKey}/content`: the CSV as uploaded. */
export const getTargetsFileContent: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  return readFileContent(context.env, app, pathParam(request, "fileKey"));
};

/** `DELETE {api}/targets-files/{fileKey}`: sends that were accepted go out whole. */
export const deleteTargetsFile: Handler = async (request, context) => {
  const { app, actor } = await authenticate(request, context, "send");
  const { fileKey } = await requireTargetsFile(context.env, app, pathParam(request, "fileKey"));
  await getRegistryStub(context.env, app.id).deleteTargetsFile(fileKey, actor);
  return json({ fileKey, deleted: true });
};

function presentTargetsFile({ columns, ...file }: TargetsFile): object {
  return { ...presentListedFile(file), columns };
}

/** Without the columns, of which there may be many. */
function presentListedFile(file: ListedTargetsFile): object {
  const { id, fileKey, size, rows, duplicates, uploadedAt, expiresAt } = file;
  return {
    ...{ id, fileKey, size, rows, duplicates },
    uploadedAt: isoTime(uploadedAt),
    expiresAt: isoTime(expiresAt),
  };
}
