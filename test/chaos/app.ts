import {
  CHANNELS,
  createAudience,
  createCsv,
  INCOMPLETE_EVERY,
  TEMPLATE,
  userId,
} from "../../scripts/demo/audience.ts";
import type { Device, FakeProject } from "../support/providers/client.ts";
import { API, type ChaosClient, UnexpectedAnswer } from "./client.ts";
import { HOOKS, HookWatch } from "./hooks.ts";
import type { Form, PlannedSend } from "./plan.ts";
import type { Expectation, Sent } from "./sent.ts";

const PROVIDERS = ["fcm", "apns", "webpush"] as const;
const REGISTRATIONS_AT_ONCE = 20;
/** Every so many-th of the users with a device has two. */
const TWO_DEVICES_EVERY = 10;
/** Every so many-th of the same users has a webhook address. */
const HOOK_EVERY = 3;

/** The app that is sent through, and whose devices are whose. */
export class ChaosApp {
  readonly #client: ChaosClient;
  readonly #project: FakeProject;
  readonly #form: Form;
  readonly devices = new Map<string, Device[]>();
  #hooks: HookWatch | null = null;

  constructor(client: ChaosClient, project: FakeProject, form: Form) {
    this.#client = client;
    this.#project = project;
    this.#form = form;
  }

  /** Before anything fails. */
  async setUp(appId: string, receiverUrl: string): Promise<void> {
    const client = this.#client;
    const { apiKey } = await client.call<{ apiKey: string }>({
      method: "POST",
      path: "/admin/apps",
      headers: client.admin,
      body: { id: appId, name: "Chaos" },
    });
    client.app = { appid: appId, apikey: apiKey };
    for (const channel of CHANNELS) {
      const providers = channel.type === "push" ? { providers: this.#project.credentials } : {};
      await client.call({ method: "POST", path: `${API}/channels`, body: { ...channel, ...providers } });
    }
    this.#hooks = await HookWatch.create(client, receiverUrl, this.#listHookUsers());
    const channelKeys = [...TEMPLATE.channelKeys, HOOKS.key];
    const content = { ...TEMPLATE.content, [HOOKS.key]: TEMPLATE.content.push };
    const template = { ...TEMPLATE, channelKeys, content };
    await client.call({ method: "POST", path: `${API}/templates`, body: template });
    const path = `${API}/templates/${TEMPLATE.key}`;
    await client.call({ method: "PUT", path, body: { status: "approved" } });
    await this.#addDevices();
  }

  /** Who has a webhook address, and what it got. */
  get hooks(): HookWatch {
    if (this.#hooks === null) throw new Error("The app isn't set up");
    return this.#hooks;
  }

  #listHookUsers(): string[] {
    const numbers = Array.from({ length: this.#form.deviceUsers }, (_, index) => index + 1);
    return numbers.filter((number) => number % HOOK_EVERY === 0).map(userId);
  }

  async #addDevices(): Promise<void> {
    const { deviceUsers } = this.#form;
    const count = deviceUsers + Math.floor(deviceUsers / TWO_DEVICES_EVERY);
    const share = Math.ceil(count / PROVIDERS.length);
    const made = await Promise.all(PROVIDERS.map((provider) => this.#project.createDevices(provider, share)));
    const pool = made.flat();
    const registrations: [string, Device][] = [];
    for (let number = 1; number <= deviceUsers; number++) {
      for (let left = number % TWO_DEVICES_EVERY === 0 ? 2 : 1; left > 0; left--) {
        const device = pool.pop();
        if (device !== undefined) registrations.push([userId(number), device]);
      }
    }
    const registerNext = async (): Promise<void> => {
      for (let next = registrations.pop(); next !== undefined; next = registrations.pop()) {
        const [user, device] = next;
        await this.#client.call({
          method: "POST",
          path: `/v3/business-messaging/api/users/${user}/devices`,
          body: device,
        });
        this.devices.set(user, [...(this.devices.get(user) ?? []), device]);
      }
    };
    await Promise.all(Array.from({ length: REGISTRATIONS_AT_ONCE }, registerNext));
  }

  /** Sends until it is accepted, whatever dies meanwhile. `key`: of this send alone. */
  async send(send: PlannedSend, key: string): Promise<Sent> {
    if (send.kind === "file") return this.#sendFile(send, key);
    if (send.kind === "inline") return this.#sendInline(send, key);
    if (send.kind === "campaign") return this.#sendCampaign(send, key);
    const user = userId(send.user);
    const id = await this.#post(key, `${API}/notifications/send`, {
      template: { key: TEMPLATE.key, variables: { name: "Ada", number: key } },
      targets: [user],
      mode: "realtime",
    });
    return { id, send, users: new Set([user]), incomplete: new Set() };
  }

  async #sendInline(send: PlannedSend & { kind: "inline" }, key: string): Promise<Sent> {
    const { targets, variables } = createAudience(this.#form.inlineTargets);
    const id = await this.#post(key, `${API}/notifications/send`, {
      template: { key: TEMPLATE.key, variables },
      targets,
      mode: "batch",
      priority: send.priority,
    });
    return { id, send, ...expectAudience(new Set(targets)) };
  }

  async #sendFile(send: PlannedSend & { kind: "file" }, key: string): Promise<Sent> {
    const { csv, distinct } = createCsv(this.#form.fileTargets);
    const fileKey = `${key}.csv`;
    await this.#upload(fileKey, csv);
    const id = await this.#post(key, `${API}/notifications/send`, {
      template: { key: TEMPLATE.key },
      targetsFile: fileKey,
      mode: "batch",
      priority: send.priority,
    });
    const users = new Set(Array.from({ length: distinct }, (_, index) => userId(index + 1)));
    return { id, send, ...expectAudience(users) };
  }

  async #sendCampaign(send: PlannedSend & { kind: "campaign" }, key: string): Promise<Sent> {
    const receivers = send.users.map(userId);
    const id = await this.#post(key, "/notifications/messages", {
      templateId: TEMPLATE.key,
      receivers,
      variables: Object.fromEntries(receivers.map((user) => [user, { name: "Ada", number: key }])),
    });
    return { id, send, users: new Set(receivers), incomplete: new Set() };
  }

  async #post(key: string, path: string, body: object): Promise<string> {
    const headers = { ...this.#client.app, "idempotency-key": key };
    type Answer = { notificationId?: string; data?: { notificationId?: string } };
    const answer = await this.#client.call<Answer>({ method: "POST", path, headers, body });
    const id = answer.notificationId ?? answer.data?.notificationId;
    if (id === undefined) throw new Error(`${path} answered no id: ${JSON.stringify(answer)}`);
    return id;
  }

  /** A form is good for one start: the address may be another after it. */
  async #upload(fileKey: string, csv: string): Promise<void> {
    const path = `/v1/storage/targets_files/${fileKey}/presigned_urls`;
    for (;;) {
      const { url, fields } = await this.#client.call<{ url: string; fields: Record<string, string> }>({
        method: "POST",
        path,
        headers: { "api-token": this.#client.app.apikey ?? "" },
        body: { overwrite_duplicate_key: true },
      });
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", new Blob([csv], { type: "text/csv" }), fileKey);
      const answer = await this.#client.once({ method: "POST", path: url, headers: {}, body: form });
      if (answer?.status === 204) return;
      if (answer !== null && answer.status < 500) {
        throw new UnexpectedAnswer(`The upload answered ${answer.status} ${answer.text}`);
      }
      this.#client.repeated++;
    }
  }
}

/** As scripts/demo/audience.ts makes it: one user in so many has no number. */
function expectAudience(users: ReadonlySet<string>): Expectation {
  const incomplete = [...users].filter((user) => Number(user.slice("user-".length)) % INCOMPLETE_EVERY === 0);
  return { users, incomplete: new Set(incomplete) };
}
