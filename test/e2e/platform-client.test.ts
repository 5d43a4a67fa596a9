import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import * as v from "valibot";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";

const API = "/v3/business-messaging/api";
const FILE_KEY = "notification-targets.csv";
const USERS = 2000;

/** What is read of answers. */
const AnySchema = v.unknown();
const AppSchema = v.object({ id: v.string(), apiKey: v.string() });
const ChannelSchema = v.object({ key: v.string() });
const PresignedSchema = v.object({
  file_key: v.string(),
  url: v.string(),
  fields: v.record(v.string(), v.string()),
});
const FileSchema = v.object({
  file_key: v.string(),
  file_size: v.number(),
  uploaded_at: v.number(),
  expires_at: v.number(),
});
const FilesSchema = v.object({ files: v.tuple([FileSchema]), next: v.string() });
const SentSchema = v.looseObject({
  notification_id: v.string(),
  created_at: v.number(),
  sent_from: v.object({ value: v.string() }),
});
const CountsSchema = v.object({ total: v.number(), delivered: v.number(), pending: v.number() });
const NotificationSchema = v.object({
  state: v.string(),
  duplicates: v.number(),
  counts: v.object({ "message-center": CountsSchema }),
});

let worker: TestWorker;
let app: v.InferOutput<typeof AppSchema>;

before(async () => {
  worker = await startTestWorker();
  app = await manage(AppSchema, "POST", "/admin/apps", { id: "platform", name: "Platform client" });
  const channel = await manage(ChannelSchema, "POST", `${API}/channels`, {
    name: "Message center",
    type: "in_app",
  });
  await manage(AnySchema, "POST", `${API}/templates`, {
    name: "appointment-reminder",
    key: "appointment-reminder",
    channelKeys: [channel.key],
    content: { [channel.key]: { text: "{{name}}: appointment {{appointment_number}}" } },
    variableSchema: { name: { type: "string" }, appointment_number: { type: "string" } },
  });
  await manage(AnySchema, "PUT", `${API}/templates/appointment-reminder`, { status: "approved" });
});

after(async () => {
  await worker?.stop();
});

// What the client was given to read is seed 004: its paths, its fields, fetch and FormData.
describe("a client of the platform family", () => {
  test("presigns, uploads, lists and sends a CSV, which is delivered to every row", async () => {
    const presigned = await callPlatform(
      PresignedSchema,
      "POST",
      `/v1/storage/targets_files/${FILE_KEY}/presigned_urls`,
      { overwrite_duplicate_key: false },
    );
    assert.equal(presigned.file_key, FILE_KEY);

    const csv = writeCsv();
    const form = new FormData();
    for (const [name, value] of Object.entries(presigned.fields)) form.append(name, value);
    form.append("file", new Blob([csv], { type: "text/csv" }), FILE_KEY);
    const uploaded = await fetch(presigned.url, { method: "POST", body: form });
    assert.equal(uploaded.status, 204, await uploaded.text());

    const { files, next } = await callPlatform(FilesSchema, "GET", "/v1/storage/targets_files?limit=100");
    const [file] = files;
    assert.deepEqual([file.file_key, file.file_size, next], [FILE_KEY, csv.length, ""]);
    assert.ok(Math.abs(file.uploaded_at - Date.now()) < 60_000);
    assert.equal(file.expires_at - file.uploaded_at, 30 * 24 * 60 * 60 * 1000);

    const sent = await callPlatform(SentSchema, "POST", "/v1/notifications/messages", {
      template: { key: "appointment-reminder" },
      mode: "batch",
      targets_filename: FILE_KEY,
      tag: "appointments",
      title: "Appointment Reminder",
    });
    const { notification_id, created_at, sent_from, ...rest } = sent;
    assert.deepEqual(rest, {
      template_key: "appointment-reminder",
      channels: [{ key: "message-center", type: "feed" }],
      mode: "batch",
      priority: "normal",
      title: "Appointment Reminder",
      tag: "appointments",
    });
    assert.equal(typeof created_at, "number");
    assert.match(sent_from.value, new RegExp(`^\\*+${app.apiKey.slice(-4)}$`));

    const notification = await waitUntilCompleted(notification_id);
    const { total, delivered, pending } = notification.counts["message-center"];
    assert.deepEqual([total, delivered, pending], [USERS, USERS, 0]);
    assert.equal(notification.duplicates, 0);
  });

  test("is told in its own envelope that the key is taken", async () => {
    const response = await fetch(`${worker.url}/v1/storage/targets_files/${FILE_KEY}/presigned_urls`, {
      method: "POST",
      headers: { "api-token": app.apiKey, "content-type": "application/json; charset=utf8" },
      body: "{}",
    });
    assert.equal(response.status, 409);
    const { error, code, message } = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([error, code, typeof message], [true, 400202, "string"]);
  });
});

function writeCsv(): string {
  const rows = Array.from({ length: USERS }, (_, index) => `user-${index},"Bob, ""B"" ${index}",${index}`);
  return ["user_id,name,appointment_number", ...rows, ""].join("\r\n");
}

async function waitUntilCompleted(id: string) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const notification = await manage(NotificationSchema, "GET", `${API}/notifications/${id}`);
    if (notification.state === "completed") return notification;
    assert.ok(Date.now() < deadline, `not completed: ${JSON.stringify(notification)}`);
    await delay(50);
  }
}

const callPlatform = <S extends v.GenericSchema>(schema: S, method: string, path: string, body?: object) =>
  callJson(schema, method, path, { "api-token": app.apiKey }, body);

/** The management API, as the operator and then as the app. */
const manage = <S extends v.GenericSchema>(schema: S, method: string, path: string, body?: object) =>
  callJson(
    schema,
    method,
    path,
    path.startsWith("/admin/")
      ? { authorization: `Bearer ${worker.adminToken}` }
      : { appid: app.id, apikey: app.apiKey },
    body,
  );

async function callJson<S extends v.GenericSchema>(
  schema: S,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<v.InferOutput<S>> {
  const response = await fetch(`${worker.url}${path}`, {
    method,
    headers: { ...headers, "content-type": "application/json; charset=utf8" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return v.parse(schema, JSON.parse(text));
}
