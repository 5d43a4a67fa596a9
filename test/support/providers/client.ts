import * as v from "valibot";
import {
  type Credentials,
  type Device,
  type DeviceOptions,
  deviceSchemas,
  type FaultRule,
  type JournalEntries,
  journalSchema,
  type NewProject,
  type Provider,
  projectSchema,
  type Summary,
  summarySchema,
} from "./model.ts";

export type {
  Credentials,
  Device,
  FaultRule,
  JournalEntries,
  Provider,
  Received,
  Summary,
} from "./model.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the run's fake providers are. */
    providersUrl: string;
  }
}

/** The control API of the fake providers. Uses `fetch` alone: it works in Node and inside workerd. */
export class FakeProviders {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/$/, "");
  }

  /** A tenant of its own: credentials, devices, faults and what was received. */
  async createProject(options: NewProject = {}): Promise<FakeProject> {
    const answer = await control("POST", `${this.url}/_control/projects`, options);
    const { id, credentials } = v.parse(projectSchema, answer);
    return new FakeProject(`${this.url}/_control/projects/${id}`, id, credentials);
  }
}

export class FakeProject {
  readonly id: string;
  readonly credentials: Credentials;
  readonly #url: string;

  constructor(url: string, id: string, credentials: Credentials) {
    this.#url = url;
    this.id = id;
    this.credentials = credentials;
  }

  /** Devices in the shape that Onecall's device route takes. `options` are for APNs. */
  async createDevices<const P extends Provider>(
    provider: P,
    count = 1,
    options: DeviceOptions = {},
  ): Promise<Device<P>[]> {
    const answer = await control("POST", `${this.#url}/devices`, { provider, count, ...options });
    const { devices } = v.parse(v.object({ devices: v.array(deviceSchemas[provider]) }), answer);
    return devices;
  }

  /** Replaces all rules; the first that matches a request is applied to it. */
  async setFaults(rules: FaultRule[]): Promise<void> {
    await control("PUT", `${this.#url}/faults`, { rules });
  }

  /** From now on the device answers as one that was unregistered. */
  async markGone(device: Device | string): Promise<void> {
    await control("PUT", `${this.#url}/gone`, { device: addressOf(device) });
  }

  /** In the order of arrival. */
  async received(provider?: Provider): Promise<JournalEntries> {
    const query = provider ? `?provider=${provider}` : "";
    return v.parse(journalSchema, await control("GET", `${this.#url}/received${query}`));
  }

  async summary(): Promise<Summary> {
    return v.parse(summarySchema, await control("GET", `${this.#url}/summary`));
  }

  /** Forgets what was received, rejected and counted. Devices, faults and tokens stay. */
  async clear(): Promise<void> {
    await control("DELETE", `${this.#url}/received`);
  }
}

/** What names a device in `Received.device`, `FaultRule.device` and `markGone`: its token or endpoint. */
export function addressOf(device: Device | string): string {
  if (typeof device === "string") {
    return device;
  }
  return device.provider === "webpush" ? device.endpoint : device.token;
}

async function control(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body !== undefined && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${url} answered ${response.status}: ${text}`);
  }
  return text === "" ? undefined : JSON.parse(text);
}
