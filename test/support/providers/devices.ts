import { randomBytes } from "node:crypto";
import type { Device, Provider } from "./model.ts";
import type { Project, Registry } from "./projects.ts";

/** 22 and 134 characters around `:APA91b`, as today's registration tokens have. */
const FCM_TOKEN = /^[A-Za-z0-9_-]{11,}:APA91b[A-Za-z0-9_-]{100,}$/;

/** Registers one more device with the provider. `topic` and `sandbox` matter to APNs alone. */
export function createDevice(
  registry: Registry,
  project: Project,
  wanted: { provider: Provider; topic: string; sandbox: boolean },
): Device {
  switch (wanted.provider) {
    case "fcm":
      return createFcmDevice(registry, project);
    case "apns":
      return createApnsDevice(registry, project, wanted.topic, wanted.sandbox);
    case "webpush":
      return createSubscription(registry, project);
  }
}

export function isFcmToken(text: string): boolean {
  return FCM_TOKEN.test(text);
}

function createFcmDevice(registry: Registry, project: Project): Device<"fcm"> {
  const token = `${randomBytes(16).toString("base64url")}:APA91b${randomBytes(100).toString("base64url")}`;
  const device: Device<"fcm"> = { provider: "fcm", token };
  registry.fcmDevices.set(token, { project, address: token, device, goneAt: null });
  return device;
}

function createApnsDevice(
  registry: Registry,
  project: Project,
  topic: string,
  sandbox: boolean,
): Device<"apns"> {
  const token = randomBytes(32).toString("hex");
  const device: Device<"apns"> = { provider: "apns", token, topic, sandbox };
  registry.apnsDevices.set(token, { project, address: token, device, goneAt: null });
  return device;
}

function createSubscription(registry: Registry, project: Project): Device<"webpush"> {
  const id = randomBytes(33).toString("base64url");
  const privateKey = project.subscriptionKeys[registry.webPushDevices.size % project.subscriptionKeys.length];
  if (!privateKey) {
    throw new Error(`Project ${project.id} has no subscription keys.`);
  }
  const endpoint = `${registry.url}/webpush/${id}`;
  const device: Device<"webpush"> = {
    provider: "webpush",
    endpoint,
    keys: { p256dh: privateKey.getPublicKey("base64url"), auth: randomBytes(16).toString("base64url") },
  };
  registry.webPushDevices.set(id, { project, address: endpoint, device, goneAt: null, privateKey });
  return device;
}
