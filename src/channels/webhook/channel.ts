import * as v from "valibot";
import type { AccountFields } from "../../model/account.ts";
import type { Address } from "../../model/address.ts";
import { refuse, refuseFaults, succeed } from "../../model/outcome.ts";
import { signatureHeaders } from "../../model/webhook-secrets.ts";
import {
  describe,
  type HttpAnswer,
  type ProviderAnswer,
  type ProviderRequest,
  readCommonAnswer,
  rejected,
} from "../../outbound/answers.ts";
import { findUrlFault } from "../../outbound/public-url.ts";
import type { DispatchedChannel, TestForm } from "../channel.ts";
import { callProvider } from "../dispatch/call-provider.ts";
import { ACCOUNT, PROVIDER, SecretsSchema, signingSecretOf } from "./account.ts";
import { ADDRESS, urlOf } from "./address.ts";
import { type WebhookMessage, writeMessage } from "./message.ts";

const NO_ADDRESS = refuse("ERR_NOT_FOUND", "This user has no webhook address.");

const TEST: TestForm = {
  choose([only], id) {
    if (id !== null) return refuseFaults([{ field: "deviceId", message: "is for push channels" }]);
    return only === undefined ? NO_ADDRESS : succeed(only);
  },
  answer: { url: v.optional(v.string()) },
  present: ({ address }) => ({ url: urlOf(address) }),
};

/** A delivery as a signed call (Standard Webhooks) to a URL of its user. */
export const WEBHOOK: DispatchedChannel = {
  type: "webhook",
  platformType: "webhook",
  settles: "outbox",
  findContentFaults: () => [],
  account: ACCOUNT,
  address: ADDRESS,
  open(dispatch) {
    const message = writeMessage(dispatch);
    return (sender, { address }, times) => {
      const { allowLoopback } = sender.config;
      const build = (credentials: AccountFields) =>
        buildRequest(message, address, credentials, allowLoopback);
      const call = { provider: PROVIDER, tokenOf: signingSecretOf, build, read: readAnswer };
      return callProvider(sender, call, times);
    };
  },
  test: TEST,
};

/** The signature is of now: receivers refuse a timestamp of some minutes ago. Id and body are the delivery's. */
function buildRequest(
  message: WebhookMessage,
  address: Address,
  credentials: AccountFields,
  allowLoopback: boolean,
): ProviderRequest {
  const url = urlOf(address);
  // Once more: what may be called has been checked by the rules of the day on which it was given.
  const fault = findUrlFault(url, { ownOrigins: [], allowLoopback });
  if (fault !== null) return { outcome: rejected(`the URL ${fault}`) };
  const { secrets } = v.parse(SecretsSchema, credentials);
  const headers = {
    "content-type": "application/json",
    "user-agent": "Onecall-Webhooks/1",
    ...signatureHeaders(secrets, message, Date.now()),
  };
  return { url, headers, body: message.body };
}

/**
 * 410 ends the address; who doesn't know the signature may know the secret that took its place; what passes by itself
 * (408, 425, 429, 5xx) is tried again. Any other answer, a redirect among them, would be the same next time.
 */
function readAnswer(answer: HttpAnswer): ProviderAnswer {
  const common = readCommonAnswer(answer);
  if (common !== null) return common;
  const { status, text, retryAfterMs } = answer;
  const message = describe(status, text);
  if (status === 410) return { outcome: "gone", message };
  if (status === 401 || status === 403) return { outcome: "expired", message };
  if (status === 408 || status === 425) return { outcome: "retry", message, afterMs: retryAfterMs };
  return rejected(message);
}
