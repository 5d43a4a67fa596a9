import * as v from "valibot";
import {
  addressOf,
  type Device,
  type FakeProject,
  type Received,
} from "../../test/support/providers/client.ts";
import { dim, green } from "../terminal.ts";
import { userId } from "./audience.ts";
import type { AppClient } from "./client.ts";

const PROVIDERS = ["fcm", "apns", "webpush"] as const;
/** Calls at once. */
const CONCURRENCY = 50;

const TextSchema = v.object({ title: v.string(), body: v.string() });

/** Each provider's name, what it did with a push, and where a push has its text. */
const DESCRIPTIONS = {
  fcm: {
    name: "FCM",
    done: "received",
    schema: v.pipe(
      v.object({ notification: TextSchema }),
      v.transform(({ notification }) => notification),
    ),
  },
  apns: {
    name: "APNs",
    done: "received",
    schema: v.pipe(
      v.object({ aps: v.object({ alert: TextSchema }) }),
      v.transform(({ aps }) => aps.alert),
    ),
  },
  webpush: { name: "Web Push", done: "received and decrypted", schema: TextSchema },
};

/** An app and its account at the fake push providers. */
export interface Account {
  app: AppClient;
  project: FakeProject;
}

/** Gives a user a device of each provider: the client on each registers it. */
export async function addOwnDevices({ app, project }: Account, user: string): Promise<Device[]> {
  const devices = await createDevices(project, PROVIDERS.length);
  await Promise.all(devices.map((device) => app.addOwnDevice(user, device)));
  return devices;
}

/** Gives each of the audience's first users a device, a third of them at each provider. */
export async function addDevices({ app, project }: Account, users: number): Promise<Device[]> {
  const devices = await createDevices(project, users);
  const calls = devices.map((device, index) => () => app.addDevice(userId(index + 1), device));
  for (let start = 0; start < calls.length; start += CONCURRENCY) {
    await Promise.all(calls.slice(start, start + CONCURRENCY).map((call) => call()));
  }
  return devices;
}

/**
 * What the providers took since the last call.
 *
 * @throws unless it is exactly one push for each of these devices.
 */
export async function takePushes(project: FakeProject, devices: readonly Device[]): Promise<Received[]> {
  const { received, rejected } = await project.received();
  await project.clear();
  const reached = new Set(received.map(({ device }) => device));
  const missed = devices.filter((device) => !reached.has(addressOf(device))).length;
  if (missed > 0 || received.length !== devices.length || rejected.length > 0) {
    throw new Error(
      `The pushes are wrong: ${JSON.stringify({ devices: devices.length, received: received.length, missed, rejected })}`,
    );
  }
  return received;
}

/** Shows the text of each push, provider by provider. */
export function showPushes(pushes: readonly Received[]): void {
  for (const provider of PROVIDERS) {
    const { name, done, schema } = DESCRIPTIONS[provider];
    for (const { payload } of pushes.filter((push) => push.provider === provider)) {
      const { title, body } = v.parse(schema, payload);
      console.log(`  ${dim(name.padEnd(10))} ${title} ${body}  ${green("✓")} ${dim(done)}`);
    }
  }
}

async function createDevices(project: FakeProject, count: number): Promise<Device[]> {
  const share = Math.ceil(count / PROVIDERS.length);
  const devices = await Promise.all(PROVIDERS.map((provider) => project.createDevices(provider, share)));
  return devices.flat().slice(0, count);
}
