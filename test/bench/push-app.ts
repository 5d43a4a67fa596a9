import type { Device, FakeProject, FakeProviders } from "../support/providers/client.ts";
import { timeBatch } from "./batch.ts";
import { load } from "./load.ts";
import { OnecallClient, ORDER_TEMPLATE } from "./onecall-client.ts";

type BenchProvider = "fcm" | "webpush";

const CHANNEL_KEY = "mobile-push";
const USER_PREFIX = "push";
const REGISTRATIONS_AT_ONCE = 50;
/** A round takes seconds, and each read is work for the two cores that do all of it. */
const WATCH = { channelKey: CHANNEL_KEY, pollMs: 100 };

/** An app with one push channel and a user for each device of a fake provider's project. */
export class PushApp<P extends BenchProvider> {
  readonly provider: P;
  readonly project: FakeProject;
  readonly devices: readonly Device<P>[];
  readonly #client: OnecallClient;

  private constructor(
    provider: P,
    project: FakeProject,
    devices: readonly Device<P>[],
    client: OnecallClient,
  ) {
    this.provider = provider;
    this.project = project;
    this.devices = devices;
    this.#client = client;
  }

  /** Its `count` devices aren't Onecall's yet. The fake keeps as many pushes whole: those of the first batch. */
  static async create<const P extends BenchProvider>(
    url: string,
    fakes: FakeProviders,
    provider: P,
    count: number,
  ): Promise<PushApp<P>> {
    const [project, client] = await Promise.all([
      fakes.createProject({ keepReceived: count }),
      OnecallClient.createEmpty(url),
    ]);
    const devices = await project.createDevices(provider, count);
    const providers = { [provider]: project.credentials[provider] };
    await client.call("POST", "/channels", { name: "Mobile push", type: "push", providers });
    await client.createTemplate({ ...ORDER_TEMPLATE, channelKey: CHANNEL_KEY });
    return new PushApp(provider, project, devices, client);
  }

  /** Gives each device to a user of its own, as the app's server does. Returns how many a second. */
  async registerDevices(): Promise<number> {
    const { url, headers } = this.#client;
    const { perSecond } = await load(url, this.devices.length, REGISTRATIONS_AT_ONCE, (index) => ({
      method: "POST",
      path: `/v3/business-messaging/api/users/${USER_PREFIX}-${index}/devices`,
      headers,
      body: JSON.stringify(this.devices[index]),
    }));
    return perSecond;
  }

  /** One batch to all, from the request until all are counted. Returns pushes a second. */
  sendBatch(): Promise<number> {
    return this.confirm(async () => {
      const count = this.devices.length;
      const { allCountedMs } = await timeBatch(this.#client, count, USER_PREFIX, WATCH);
      return (count * 1000) / allCountedMs;
    });
  }

  /** Sends, and throws unless the fake took one push for each device meanwhile and none of them twice. */
  async confirm<T>(send: () => Promise<T>): Promise<T> {
    const count = this.devices.length;
    const before = (await this.project.summary())[this.provider];
    const result = await send();
    const after = (await this.project.summary())[this.provider];
    const accepted = after.accepted - before.accepted;
    const rejected = after.rejected - before.rejected;
    const repeated = after.repeated - before.repeated;
    if (accepted !== count || rejected !== 0 || repeated !== 0) {
      throw new Error(`Of ${count} pushes ${accepted} arrived, ${repeated} again; ${rejected} were refused`);
    }
    return result;
  }
}
