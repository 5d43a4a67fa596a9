import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { readAnswer } from "./answers.ts";
import { type Answer, type Body, call, fetchWorker, type TestApp } from "./api.ts";

export type Fields = Record<string, string>;

/** A call of the platform family. */
export function callPlatform(app: TestApp, method: string, path: string, body?: unknown): Promise<Answer> {
  return call(method, path, { headers: { "api-token": app.apiKey }, body });
}

export function presign(app: TestApp, fileKey: string, body?: unknown): Promise<Answer> {
  return callPlatform(app, "POST", `/v1/storage/targets_files/${fileKey}/presigned_urls`, body);
}

/** The signed fields for a file key. */
export async function presignedFields(app: TestApp, fileKey: string, mayOverwrite = false): Promise<Fields> {
  const answer = await presign(app, fileKey, { overwrite_duplicate_key: mayOverwrite });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.fields;
}

/** The form as browsers and HTTP clients write it: the fields, then the file. */
export function formOf(
  fields: Fields,
  csv: string | Uint8Array,
  filename: string | null = "users.csv",
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (filename === null) form.append("file", String(csv));
  else form.append("file", new File([csv], filename, { type: "text/csv" }));
  return form;
}

/** Posts a form without any credentials, as a client of a presigned URL does. */
export async function postForm(body: FormData | Uint8Array | string, boundary = "x"): Promise<Answer> {
  const encoded = body instanceof FormData ? new Response(body) : new Response(body);
  const bytes = await encoded.arrayBuffer();
  const type =
    body instanceof FormData
      ? encoded.headers.get("content-type")
      : `multipart/form-data; boundary=${boundary}`;
  const [method, path] = ["POST", "/v1/storage/uploads"];
  const headers = { "content-type": type ?? "", "content-length": String(bytes.byteLength) };
  const response = await fetchWorker(`https://onecall.test${path}`, {
    method,
    headers,
    body: bytes,
  });
  const text = await readAnswer({ method, path, headers }, response);
  return { status: response.status, headers: response.headers, body: text === "" ? text : JSON.parse(text) };
}

/** Uploads a CSV under a file key; anything but a 204 fails the test. */
export async function uploadCsv(
  app: TestApp,
  fileKey: string,
  csv: string,
  mayOverwrite = false,
): Promise<void> {
  const answer = await postForm(formOf(await presignedFields(app, fileKey, mayOverwrite), csv));
  expect([answer.status, answer.body]).toEqual([204, ""]);
}

export async function getFile(app: TestApp, fileKey: string): Promise<Body> {
  return (await callPlatform(app, "GET", `/v1/storage/targets_files/${fileKey}`)).body;
}

/** The names of all that an app has in R2: CSVs, audiences, indexes. */
export async function listStored(app: TestApp): Promise<string[]> {
  const pages = await Promise.all(
    [`targets/${app.id}/`, `audiences/${app.id}/`].map((prefix) => env.TARGETS.list({ prefix })),
  );
  return pages.flatMap(({ objects }) => objects.map(({ key }) => key));
}

/** Nothing was stored and nothing is listed. */
export async function expectNothingStored(app: TestApp): Promise<void> {
  expect(await listStored(app)).toEqual([]);
  expect((await callPlatform(app, "GET", "/v1/storage/targets_files")).body.files).toEqual([]);
}
