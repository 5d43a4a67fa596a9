import { TtlCache } from "../../copies/cache.ts";
import type { AccountFields } from "../../model/account.ts";
import type { AddressOutcome } from "../../model/dispatch.ts";
import { APP_REFRESH_MS } from "../../model/limits.ts";
import type { HttpAnswer, ProviderAnswer, ProviderRequest } from "../../outbound/answers.ts";
import type { SendAnswer, Sender, SendTimes } from "../channel.ts";
import { type CredentialsResult, fetchCredentials, getCachedCredentials } from "./credentials.ts";

/** A message for one address, as its provider takes it. */
export interface ProviderCall {
  provider: string;
  /** The token that the provider may call expired; null where there is none. */
  tokenOf: (credentials: AccountFields) => string | null;
  build: (credentials: AccountFields) => ProviderRequest | Promise<ProviderRequest>;
  read: (answer: HttpAnswer) => ProviderAnswer;
}

/**
 * Of the patience, what must be left when a call begins. What is given up early may have been taken, and is sent
 * again: it is better not to send it yet.
 */
const LEAST_PATIENCE = 0.5;

/** Accounts whose token was refused a moment ago, and has no successor. */
const withoutSuccessor = new TtlCache<true>({ ttlMs: APP_REFRESH_MS, maxEntries: 1000 });

/**
 * One call with the account of the sender's channel. A token that the provider calls expired is replaced once. Untried
 * where too little time is left by when everything for the call is there. Never throws for what a provider does.
 */
export async function callProvider(
  sender: Sender,
  call: ProviderCall,
  times: SendTimes,
): Promise<SendAnswer> {
  const { env, appId, channelKey } = sender;
  const { provider, tokenOf } = call;
  const getCredentials = (refused: string | null) =>
    inTime(fetchCredentials(env, appId, channelKey, provider, refused), waitOf(times));
  const found = getCachedCredentials(appId, channelKey, provider) ?? (await getCredentials(null));
  const first = await attempt(sender, call, found, times);
  if (first.answer.outcome !== "expired" || !("credentials" in found)) return settle(first);
  const account = `${appId}:${channelKey}:${provider}`;
  if (withoutSuccessor.get(account)) return settle(first);
  const token = tokenOf(found.credentials);
  const renewed = await getCredentials(token);
  if (!("credentials" in renewed)) return { ...renewed, status: first.status };
  if (tokenOf(renewed.credentials) === token) {
    withoutSuccessor.set(account, true);
    return settle(first);
  }
  return settle(await attempt(sender, call, renewed, times));
}

/** The token service may be slow itself; its answer then serves the next call. */
async function inTime(lookup: Promise<CredentialsResult>, timeoutMs: number): Promise<CredentialsResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<CredentialsResult>((resolve) => {
    const outcome: AddressOutcome = { outcome: "retry", message: "no access token in time", afterMs: null };
    timer = setTimeout(() => resolve({ outcome, wasAsked: true }), timeoutMs);
  });
  try {
    return await Promise.race([lookup, late]);
  } finally {
    clearTimeout(timer);
  }
}

function waitOf({ patienceMs, answerBefore }: SendTimes): number {
  return Math.min(patienceMs, answerBefore - Date.now());
}

interface Attempt {
  answer: ProviderAnswer;
  status: number | null;
  wasAsked: boolean;
}

async function attempt(
  { calls }: Sender,
  call: ProviderCall,
  found: CredentialsResult,
  times: SendTimes,
): Promise<Attempt> {
  if (!("credentials" in found)) return { answer: found.outcome, status: null, wasAsked: found.wasAsked };
  const request = await call.build(found.credentials);
  if ("outcome" in request) return { answer: request.outcome, status: null, wasAsked: false };
  const { url, headers, body } = request;
  const waitMs = waitOf(times);
  if (waitMs < times.patienceMs * LEAST_PATIENCE) {
    return { answer: { outcome: "untried" }, status: null, wasAsked: false };
  }
  const answer = await calls.call(url, { method: "POST", headers, body }, waitMs);
  if ("failure" in answer) {
    const failed: AddressOutcome = { outcome: "retry", message: answer.failure, afterMs: null };
    return { answer: failed, status: null, wasAsked: true };
  }
  return { answer: call.read(answer), status: answer.status, wasAsked: true };
}

/** Where the successor of an expired token is called expired too, the account is refused. */
function settle({ answer, ...rest }: Attempt): SendAnswer {
  if (answer.outcome !== "expired") return { outcome: answer, ...rest };
  const { message } = answer;
  return { outcome: { outcome: "rejected", reason: "provider_rejected", message }, ...rest };
}
