import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Answer } from "./answers.ts";
import type { FaultRule, Provider } from "./model.ts";
import type { AnyDevice, Project, Registry } from "./projects.ts";

export interface PushRequest {
  method: string;
  /** Without the provider's base path and without the query. */
  path: string;
  headers: IncomingHttpHeaders;
}

/** A strict check failed: what the real provider answers then, and why in a word. */
export interface Refusal {
  refused: Answer;
  reason: string;
  /** The token or endpoint, where the request named one. */
  device: string | null;
}

/** Every check has passed. */
export interface ValidPush {
  device: AnyDevice;
  payload: unknown;
  key: string | null;
  /** What the real provider answers when it takes the push. */
  answer: Answer;
}

export interface PushService {
  provider: Provider;
  /** @returns the project that the request is counted for, found without reading its body. */
  locate(request: PushRequest): Project | undefined;
  judge(request: PushRequest, body: Buffer): Promise<Refusal | ValidPush>;
  /** What the real provider answers with this status. */
  answerWith(status: number): Answer;
  /** What it answers for a device that was unregistered at this time (Unix ms). */
  answerGone(goneAt: number): Answer;
}

/** An answer, or null where the socket is to be destroyed without one. */
export type Outcome = Answer | null;

/** Judges a push, applies the first fault rule that matches, and writes down what happened. */
export async function answerPush(
  service: PushService,
  registry: Registry,
  request: PushRequest,
  body: Buffer,
): Promise<Outcome> {
  const verdict = await service.judge(request, body);
  if ("refused" in verdict) {
    service.locate(request)?.journal.reject({
      provider: service.provider,
      device: verdict.device,
      status: verdict.refused.status,
      reason: verdict.reason,
    });
    return verdict.refused;
  }
  const { project, address, goneAt } = verdict.device;
  if (goneAt !== null) {
    project.journal.fault(service.provider);
    return service.answerGone(goneAt);
  }
  const rule = project.faults.take(service.provider, address);
  const isSpoilt = rule?.drop === true || rule?.status !== undefined;
  if (isSpoilt) {
    project.journal.fault(service.provider);
  }
  if (!isSpoilt || rule?.accept) {
    const { payload, key } = verdict;
    const push = {
      provider: service.provider,
      device: address,
      at: Date.now(),
      headers: request.headers,
      payload,
      key,
    };
    project.journal.accept(push);
    registry.onReceived?.(push, project);
  }
  return rule ? await applyFault(rule, verdict.answer, service.answerWith) : verdict.answer;
}

/** The answer that a rule makes of the normal one, after the rule's delay. */
export async function applyFault(
  rule: FaultRule,
  normal: Answer,
  answerWith: (status: number) => Answer,
): Promise<Outcome> {
  if (rule.delayMs) {
    // Unreferenced: a stopped server must not keep its process.
    await wait(rule.delayMs, undefined, { ref: false });
  }
  if (rule.drop) {
    return null;
  }
  const { status, headers, body } = rule.status === undefined ? normal : answerWith(rule.status);
  return {
    status,
    headers: {
      ...headers,
      ...(typeof rule.body === "object" && { "content-type": "application/json; charset=UTF-8" }),
      ...(rule.retryAfter !== undefined && { "retry-after": rule.retryAfter }),
      ...rule.headers,
    },
    body:
      rule.body === undefined ? body : typeof rule.body === "string" ? rule.body : JSON.stringify(rule.body),
  };
}
