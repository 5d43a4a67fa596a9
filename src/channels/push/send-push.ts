import type { Bindings, PushConfig } from "../../env.ts";
import type { DeviceOutcome, Provider, PushDevice } from "../../model/push.ts";
import type { ApnsCredentials, FcmCredentials, WebPushCredentials } from "../../model/push-provider.ts";
import type { HttpAnswer, ProviderAnswer, ProviderRequest } from "../../outbound/answers.ts";
import type { TimedFetch } from "../../outbound/timed-fetch.ts";
import { buildApnsRequest, readApnsAnswer } from "./apns.ts";
import { type CredentialsResult, fetchCredentials, getCachedCredentials } from "./credentials.ts";
import { buildFcmRequest, readFcmAnswer } from "./fcm.ts";
import type { PushMessage } from "./message.ts";
import { buildWebPushRequest, readWebPushAnswer } from "./web-push.ts";

/** Whose push it is, and through which channel. */
export interface PushSender {
  env: Bindings;
  config: PushConfig;
  appId: string;
  channelKey: string;
  calls: TimedFetch;
}

/** A device's address and the scope that it fails with. */
export type PushRecipient = Pick<PushDevice, "address" | "scope">;

/** How long a push may take. */
export interface PushTimes {
  /** A call is waited for so long, ms. */
  patienceMs: number;
  /** No call is waited for after it, Unix ms. */
  answerBefore: number;
}

/**
 * Of the patience, what must be left when a call begins. What is given up early may have been taken, and is sent
 * again: it is better not to send it yet.
 */
const LEAST_PATIENCE = 0.5;

/** `status`: the provider's; null where it wasn't called or didn't answer. */
export interface PushAnswer {
  outcome: DeviceOutcome;
  status: number | null;
  /** False where it was decided without the provider: that says nothing of how it is. */
  wasAsked: boolean;
}

type AnyCredentials = FcmCredentials | ApnsCredentials | WebPushCredentials;

/**
 * One push to one device. A token that the provider calls expired is replaced once. Untried where too little time is
 * left by when everything for the call is there. Never throws for what a provider or a device does.
 */
export async function sendPush(
  sender: PushSender,
  recipient: PushRecipient,
  message: PushMessage,
  times: PushTimes,
): Promise<PushAnswer> {
  const { env, appId, channelKey } = sender;
  const { provider } = recipient.address;
  if (isEmpty(message)) return { outcome: EMPTY_CONTENT, status: null, wasAsked: false };
  const getCredentials = (refused: string | null) =>
    inTime(fetchCredentials(env, appId, channelKey, provider, refused), waitOf(times));
  const found = getCachedCredentials(appId, channelKey, provider) ?? (await getCredentials(null));
  const first = await attempt(sender, recipient, message, found, times);
  if (first.answer.outcome !== "expired" || !("credentials" in found)) return settle(first);
  const renewed = await getCredentials(tokenOf(found.credentials));
  if (!("credentials" in renewed)) return { ...renewed, status: first.status };
  return settle(await attempt(sender, recipient, message, renewed, times));
}

/** No device shows a notification without words, though every provider takes it. */
const EMPTY_CONTENT: DeviceOutcome = {
  outcome: "rejected",
  reason: "empty_content",
  message: "the title and the body are both empty",
};

function isEmpty({ title, body }: PushMessage): boolean {
  return title.trim() === "" && body.trim() === "";
}

/** The token service may be slow itself; its answer then serves the next push. */
async function inTime(
  lookup: Promise<CredentialsResult<Provider>>,
  timeoutMs: number,
): Promise<CredentialsResult<Provider>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<CredentialsResult<Provider>>((resolve) => {
    const outcome: DeviceOutcome = { outcome: "retry", message: "no access token in time", afterMs: null };
    timer = setTimeout(() => resolve({ outcome, wasAsked: true }), timeoutMs);
  });
  try {
    return await Promise.race([lookup, late]);
  } finally {
    clearTimeout(timer);
  }
}

function waitOf({ patienceMs, answerBefore }: PushTimes): number {
  return Math.min(patienceMs, answerBefore - Date.now());
}

interface Attempt {
  answer: ProviderAnswer;
  status: number | null;
  wasAsked: boolean;
}

async function attempt(
  { config, calls }: PushSender,
  recipient: PushRecipient,
  message: PushMessage,
  found: CredentialsResult<Provider>,
  times: PushTimes,
): Promise<Attempt> {
  if (!("credentials" in found)) return { answer: found.outcome, status: null, wasAsked: found.wasAsked };
  const request = await buildRequest(recipient, message, found.credentials, config);
  if ("outcome" in request) return { answer: request.outcome, status: null, wasAsked: false };
  const { url, headers, body } = request;
  const waitMs = waitOf(times);
  if (waitMs < times.patienceMs * LEAST_PATIENCE) {
    return { answer: { outcome: "untried" }, status: null, wasAsked: false };
  }
  const answer = await calls.call(url, { method: "POST", headers, body }, waitMs);
  if ("failure" in answer) {
    const failed: DeviceOutcome = { outcome: "retry", message: answer.failure, afterMs: null };
    return { answer: failed, status: null, wasAsked: true };
  }
  return { answer: readAnswer(recipient.address.provider, answer), status: answer.status, wasAsked: true };
}

/** A token that even its successor couldn't mend: the account is refused. */
function settle({ answer, ...rest }: Attempt): PushAnswer {
  if (answer.outcome !== "expired") return { outcome: answer, ...rest };
  const { message } = answer;
  return { outcome: { outcome: "rejected", reason: "provider_rejected", message }, ...rest };
}

function buildRequest(
  { address, scope }: PushRecipient,
  message: PushMessage,
  credentials: AnyCredentials,
  config: PushConfig,
): ProviderRequest | Promise<ProviderRequest> {
  if (address.provider === "fcm") {
    return buildFcmRequest(message, address.token, credentials as FcmCredentials, config.fcmUrl);
  }
  if (address.provider === "apns") {
    return buildApnsRequest(message, address, credentials as ApnsCredentials, config);
  }
  const { allowLoopback } = config;
  return buildWebPushRequest(message, address, scope, credentials as WebPushCredentials, allowLoopback);
}

function readAnswer(provider: Provider, answer: HttpAnswer): ProviderAnswer {
  if (provider === "fcm") return readFcmAnswer(answer);
  return provider === "apns" ? readApnsAnswer(answer) : readWebPushAnswer(answer);
}

function tokenOf(credentials: AnyCredentials): string | null {
  if ("accessToken" in credentials) return credentials.accessToken;
  return "providerToken" in credentials ? credentials.providerToken : null;
}
