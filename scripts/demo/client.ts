import * as v from "valibot";
import type { Credentials, Device } from "../../test/support/providers/client.ts";

/** The business messaging family's root. */
const API = "/v3/business-messaging/api";

const CALL_TIMEOUT_MS = 30_000;

const AppSchema = v.object({ id: v.string(), apiKey: v.string() });
const SentSchema = v.object({ notificationId: v.string() });
const TokenSchema = v.object({ authToken: v.string() });
const PresignedSchema = v.object({ url: v.string(), fields: v.record(v.string(), v.string()) });
const ReasonsSchema = v.record(v.string(), v.number());

const ChannelCountsSchema = v.object({
  total: v.number(),
  delivered: v.number(),
  failed: ReasonsSchema,
  skipped: ReasonsSchema,
  cancelled: v.number(),
  pending: v.number(),
});
const NotificationSchema = v.object({
  state: v.picklist(["scheduled", "sending", "completed", "cancelled"]),
  duplicates: v.nullable(v.number()),
  counts: v.record(v.string(), ChannelCountsSchema),
});
const FeedSchema = v.object({
  data: v.array(
    v.object({
      notificationId: v.string(),
      content: v.looseObject({ title: v.string(), body: v.string() }),
    }),
  ),
});

export type ChannelCounts = v.InferOutput<typeof ChannelCountsSchema>;
export type Notification = v.InferOutput<typeof NotificationSchema>;
type FeedItem = v.InferOutput<typeof FeedSchema>["data"][number];

interface NewChannel {
  key: string;
  name: string;
  type: "in_app" | "push";
  /** Of a push channel: what its providers take its pushes with. */
  providers?: Credentials;
}

/** Creates an app, and returns the calls that its server and its users' clients make. */
export async function createApp(url: string, adminToken: string, name: string): Promise<AppClient> {
  const admin = { authorization: `Bearer ${adminToken}` };
  return callsOf(url, await call(AppSchema, url, "POST", "/admin/apps", admin, { name }));
}

export type AppClient = ReturnType<typeof callsOf>;

function callsOf(url: string, { id, apiKey }: v.InferOutput<typeof AppSchema>) {
  const key = { appid: id, apikey: apiKey };
  const issueToken = (userId: string): Promise<string> => issueUserToken(url, key, userId);
  const logIn = async (userId: string) => ({ authorization: `Bearer ${await issueToken(userId)}` });
  return {
    id,
    issueToken,

    async createChannel(channel: NewChannel): Promise<void> {
      await call(v.unknown(), url, "POST", `${API}/channels`, key, channel);
    },

    async createApprovedTemplate(template: { key: string } & Record<string, unknown>): Promise<void> {
      await call(v.unknown(), url, "POST", `${API}/templates`, key, template);
      await call(v.unknown(), url, "PUT", `${API}/templates/${template.key}`, key, { status: "approved" });
    },

    /** Registers a user's device as the app's server does. */
    async addDevice(userId: string, device: Device): Promise<void> {
      await call(v.unknown(), url, "POST", `${userPath(userId)}/devices`, key, device);
    },

    /** Registers a device as the user's own client does. */
    async addOwnDevice(userId: string, device: Device): Promise<void> {
      await call(v.unknown(), url, "POST", `${API}/feed/devices`, await logIn(userId), device);
    },

    /** @returns the notification's id. */
    async send(request: Record<string, unknown>): Promise<string> {
      const sent = await call(SentSchema, url, "POST", `${API}/notifications/send`, key, request);
      return sent.notificationId;
    },

    /** Uploads a targets file as seed 004's clients do: the signed fields, then the file, and no key. */
    async uploadTargetsFile(fileKey: string, csv: string): Promise<void> {
      const path = `/v1/storage/targets_files/${fileKey}/presigned_urls`;
      const presigned = await call(PresignedSchema, url, "POST", path, { "api-token": apiKey });
      await uploadFile(presigned, `${fileKey}.csv`, csv);
    },

    getNotification(notificationId: string): Promise<Notification> {
      return call(NotificationSchema, url, "GET", `${API}/notifications/${notificationId}`, key);
    },

    /** Reads as the user's own client does. */
    async readFeed(userId: string): Promise<FeedItem[]> {
      return (await call(FeedSchema, url, "GET", `${API}/feed`, await logIn(userId))).data;
    },
  };
}

/** What the user's own client calls with: a token that the app's server gets for it. */
async function issueUserToken(url: string, key: Record<string, string>, userId: string): Promise<string> {
  const path = `${userPath(userId)}/auth_tokens`;
  return (await call(TokenSchema, url, "POST", path, key, {})).authToken;
}

async function uploadFile(
  { url, fields }: v.InferOutput<typeof PresignedSchema>,
  name: string,
  csv: string,
): Promise<void> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append("file", new Blob([csv], { type: "text/csv" }), name);
  const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const response = await fetch(url, { method: "POST", body: form, signal });
  if (response.status !== 204) {
    throw new Error(`The upload answered ${response.status}: ${await response.text()}`);
  }
}

function userPath(userId: string): string {
  return `/v3/business-messaging/api/users/${encodeURIComponent(userId)}`;
}

/** @throws when the answer isn't 2xx or hasn't the shape: a demo has nothing better to do. */
async function call<Schema extends v.GenericSchema>(
  schema: Schema,
  url: string,
  method: "GET" | "POST" | "PUT",
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<v.InferOutput<Schema>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  }
  const parsed = v.safeParse(schema, JSON.parse(text));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`${method} ${path} answered without ${v.getDotPath(issue) ?? "a body"}: ${text}`);
  }
  return parsed.output;
}
