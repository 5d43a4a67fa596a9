import { createECDH, type ECDH, type KeyObject, randomBytes } from "node:crypto";
import {
  apnsKey,
  type KeyPair,
  newEllipticKey,
  newServiceAccountKey,
  serviceAccount,
  vapidPair,
} from "./credentials.ts";
import { Faults } from "./faults.ts";
import { Journal, type ReceivedPush } from "./journal.ts";
import type { Credentials, Device } from "./model.ts";

/** Subscriptions share a few key pairs: making one for each of 10,000 would take seconds. */
const SUBSCRIPTION_KEY_COUNT = 4;

export interface Project {
  id: string;
  credentials: Credentials;
  /** What signatures are verified with. */
  publicKeys: { fcm: KeyObject; apns: KeyObject; webpush: KeyObject };
  journal: Journal;
  faults: Faults;
  /** The APNs provider JWTs that were taken, and the newest `iat` (s) among them. */
  apnsTokens: { accepted: Set<string>; latestIat: number };
  subscriptionKeys: ECDH[];
}

interface Registered<P extends "fcm" | "apns" | "webpush"> {
  project: Project;
  /** What names it: token or endpoint. */
  address: string;
  device: Device<P>;
  /** Unix ms, null while it is registered. */
  goneAt: number | null;
}
export type FcmDevice = Registered<"fcm">;
export type ApnsDevice = Registered<"apns">;
export type WebPushDevice = Registered<"webpush"> & { privateKey: ECDH };
export type AnyDevice = FcmDevice | ApnsDevice | WebPushDevice;

export interface AccessToken {
  project: Project;
  /** Unix ms. */
  expiresAt: number;
}

/** Everything one server holds, found by what requests carry. */
export class Registry {
  readonly url: string;
  readonly onReceived: ((push: ReceivedPush, project: Project) => void) | undefined;
  readonly byId = new Map<string, Project>();
  readonly byClientEmail = new Map<string, Project>();
  readonly byApnsKeyId = new Map<string, Project>();
  readonly byVapidKey = new Map<string, Project>();
  readonly accessTokens = new Map<string, AccessToken>();
  readonly fcmDevices = new Map<string, FcmDevice>();
  readonly apnsDevices = new Map<string, ApnsDevice>();
  readonly webPushDevices = new Map<string, WebPushDevice>();
  #serviceAccountKey: Promise<KeyPair> | undefined;

  constructor(url: string, onReceived?: (push: ReceivedPush, project: Project) => void) {
    this.url = url;
    this.onReceived = onReceived;
  }

  get tokenUri(): string {
    return `${this.url}/oauth/token`;
  }

  async createProject(keepReceived: number): Promise<Project> {
    this.#serviceAccountKey ??= newServiceAccountKey();
    const [fcm, apns, webpush] = await Promise.all([
      this.#serviceAccountKey,
      newEllipticKey(),
      newEllipticKey(),
    ]);
    const id = `fake-${randomBytes(6).toString("hex")}`;
    const project: Project = {
      id,
      credentials: {
        fcm: serviceAccount(id, fcm, this.tokenUri),
        apns: apnsKey(id, apns),
        webpush: vapidPair(webpush),
      },
      publicKeys: { fcm: fcm.publicKey, apns: apns.publicKey, webpush: webpush.publicKey },
      journal: new Journal(keepReceived),
      faults: new Faults(),
      apnsTokens: { accepted: new Set(), latestIat: Number.NEGATIVE_INFINITY },
      subscriptionKeys: Array.from({ length: SUBSCRIPTION_KEY_COUNT }, newSubscriptionKey),
    };
    this.byId.set(id, project);
    this.byClientEmail.set(project.credentials.fcm.client_email, project);
    this.byApnsKeyId.set(project.credentials.apns.keyId, project);
    this.byVapidKey.set(project.credentials.webpush.publicKey, project);
    return project;
  }

  /** @returns the project's device with this token or endpoint. */
  deviceOf(project: Project, address: string): AnyDevice | undefined {
    const found =
      this.fcmDevices.get(address) ??
      this.apnsDevices.get(address) ??
      this.webPushDevices.get(address.slice(address.lastIndexOf("/") + 1));
    return found?.address === address && found.project === project ? found : undefined;
  }
}

function newSubscriptionKey(): ECDH {
  const key = createECDH("prime256v1");
  key.generateKeys();
  return key;
}
