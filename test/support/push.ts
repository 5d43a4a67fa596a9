import { inject } from "vitest";
import { type Answer, type Body, createApp, createTemplate, type TestApp } from "./api.ts";
import { type Device, type FakeProject, FakeProviders, type Provider } from "./providers/client.ts";

export const providers = new FakeProviders(inject("providersUrl"));

/** An app with an in-app and a push channel, and an account at the fake providers. */
export interface PushApp {
  app: TestApp;
  project: FakeProject;
}

/** The content of {@link createPushApp}'s template in its push channel. */
const PUSH_CONTENT = { title: "Hello {{name}}", body: "Order {{orderId}} is on its way." };

/** An app whose template "order" goes to both channels, with these providers configured. */
export async function createPushApp(
  configured: readonly Provider[] = ["fcm", "apns", "webpush"],
  content: object = PUSH_CONTENT,
): Promise<PushApp> {
  const [app, project] = await Promise.all([createApp(), providers.createProject()]);
  await app.api("POST", "/channels", { name: "In-app alerts", type: "in_app" });
  const channel = await app.api("POST", "/channels", {
    name: "Mobile push",
    type: "push",
    providers: Object.fromEntries(configured.map((name) => [name, project.credentials[name]])),
  });
  if (channel.status !== 201) throw new Error(`No channel: ${JSON.stringify(channel.body)}`);
  await createTemplate(app, {
    key: "order",
    channelKeys: ["in-app-alerts", "mobile-push"],
    content: { "in-app-alerts": { text: "Hello {{name}}" }, "mobile-push": content },
    variableSchema: { name: { type: "string" }, orderId: { type: "string", required: false } },
  });
  return { app, project };
}

/** Gives a user devices of a provider, as the app's server does. */
export async function addDevices<const P extends Provider>(
  { app, project }: PushApp,
  uid: string,
  provider: P,
  count = 1,
): Promise<Device<P>[]> {
  const devices = await project.createDevices(provider, count);
  for (const device of devices) {
    const answer = await registerDevice(app, uid, device);
    if (answer.status !== 201) throw new Error(`No device: ${JSON.stringify(answer.body)}`);
  }
  return devices;
}

/** Gives each of these users one device of a provider, all at once. */
export async function addDeviceToEach(
  { app, project }: PushApp,
  uids: readonly string[],
  provider: Provider,
): Promise<void> {
  const devices = await project.createDevices(provider, uids.length);
  const answers = await Promise.all(uids.map((uid, index) => registerDevice(app, uid, devices[index] ?? {})));
  for (const answer of answers) {
    if (answer.status !== 201) throw new Error(`No device: ${JSON.stringify(answer.body)}`);
  }
}

export function registerDevice(app: TestApp, uid: string, device: object): Promise<Answer> {
  return app.call("POST", `/v3/business-messaging/api/users/${encodeURIComponent(uid)}/devices`, device);
}

export async function listDevices(app: TestApp, uid: string): Promise<Body[]> {
  return (await app.call("GET", `/v3/business-messaging/api/users/${encodeURIComponent(uid)}/devices`)).body
    .data;
}

/** Sends the template to one user at once; returns the notification's id. */
export async function sendToOne(app: TestApp, uid: string, extra: object = {}): Promise<string> {
  const { pushData, ...fields } = extra as { pushData?: object };
  const answer = await app.send({
    template: {
      key: "order",
      variables: { name: "Mia", orderId: "A-1" },
      ...(pushData === undefined ? {} : { notificationPushData: pushData }),
    },
    targets: [uid],
    mode: "realtime",
    ...fields,
  });
  return idOf(answer);
}

/** Sends the template to several users in the background; returns the notification's id. */
export async function sendToMany(app: TestApp, uids: readonly string[], extra: object = {}): Promise<string> {
  const variables = Object.fromEntries(uids.map((uid) => [uid, { name: uid, orderId: "A-1" }]));
  return idOf(
    await app.send({ template: { key: "order", variables }, targets: uids, mode: "batch", ...extra }),
  );
}

/** The push channel's counts as they are now. */
export async function pushCounts(app: TestApp, id: string): Promise<Body> {
  return (await app.notification(id)).counts["mobile-push"];
}

function idOf({ status, body }: Answer): string {
  if (status !== 200) throw new Error(`Not sent: ${JSON.stringify(body)}`);
  return body.notificationId;
}
