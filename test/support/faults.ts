import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Bindings } from "../../src/env.ts";
import worker from "../../src/index.ts";
import type { LedgerContract } from "../../src/objects/ledger/contract.ts";
import type { RegistryContract } from "../../src/objects/registry/contract.ts";
import type { UserShardContract } from "../../src/objects/user-shard/contract.ts";
import type { WebhookEndpointContract } from "../../src/objects/webhook-endpoint/contract.ts";
import type { ChunkMessage } from "../../src/queues/chunks.ts";
import { readAnswer } from "./answers.ts";
import { type Answer, API, type TestApp } from "./api.ts";

/** Faults at the bindings: the Worker's own code runs, with one binding that fails. */

export const bindings: Bindings = env;

/** The Worker with some bindings replaced, called as a client does. */
export async function callWith(
  replaced: Partial<Bindings>,
  app: TestApp,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const execution = createExecutionContext();
  const request = new Request<unknown, IncomingRequestCfProperties>(`https://onecall.test${API}${path}`, {
    method,
    headers: { "content-type": "application/json", ...app.headers, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const response = await worker.fetch(request, { ...bindings, ...replaced }, execution);
  await waitOnExecutionContext(execution);
  const text = await readAnswer({ method, path: API + path, headers: request.headers }, response);
  return { status: response.status, headers: response.headers, body: JSON.parse(text) };
}

/** A queue that keeps what is sent and delivers nothing. */
export class CapturingQueue {
  readonly messages: ChunkMessage[] = [];

  readonly binding = {
    send: async () => {},
    sendBatch: async (batch: Iterable<{ body: ChunkMessage }>) => {
      for (const { body } of batch) this.messages.push(body);
    },
  } as unknown as Queue;
}

/** Runs a queue's consumer over messages; says which it acked and which it will retry. */
export async function consume(
  messages: readonly unknown[],
  replaced: Partial<Bindings> = {},
  queue = "onecall-deliveries-normal",
): Promise<{ acked: number; retried: number }> {
  const batch = createMessageBatch(
    queue,
    messages.map((body, index) => ({ id: `message-${index}`, timestamp: new Date(), attempts: 1, body })),
  );
  const execution = createExecutionContext();
  await worker.queue(batch, { ...bindings, ...replaced });
  const { explicitAcks, retryMessages } = await getQueueResult(batch, execution);
  return { acked: explicitAcks.length, retried: retryMessages.length };
}

/** Serves what a captured queue of normal priority has, and what comes into it meanwhile; forgets it. */
export async function consumeAll(queue: CapturingQueue): Promise<{ acked: number; retried: number }> {
  const sum = { acked: 0, retried: 0 };
  while (queue.messages.length > 0) {
    const { acked, retried } = await consume(queue.messages.splice(0, 4), {
      DELIVERIES_NORMAL: queue.binding,
    });
    sum.acked += acked;
    sum.retried += retried;
  }
  return sum;
}

/** What an object can be asked, so that a method that is renamed isn't intercepted in vain. */
export type ObjectMethod =
  | keyof RegistryContract
  | keyof LedgerContract
  | keyof UserShardContract
  | keyof WebhookEndpointContract;

/** A namespace whose objects do what `before` and `after` let them. */
export function interceptCalls<T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
  method: ObjectMethod,
  {
    before,
    after,
  }: {
    before?: (count: number, name: string) => void | Promise<void>;
    after?: (count: number) => void;
  },
): DurableObjectNamespace<T> {
  let count = 0;
  const wrapped = {
    getByName(name: string) {
      const stub = namespace.getByName(name) as unknown as Record<
        string,
        (...args: unknown[]) => Promise<unknown>
      >;
      return new Proxy(stub, {
        get(target, property: string) {
          if (property !== method) return (...args: unknown[]) => target[property]?.(...args);
          return async (...args: unknown[]) => {
            const call = ++count;
            await before?.(call, name);
            const result = await target[property]?.(...args);
            after?.(call);
            return result;
          };
        },
      });
    },
  };
  return wrapped as unknown as DurableObjectNamespace<T>;
}

/** A namespace that can't be reached. */
export function unreachable<T extends Rpc.DurableObjectBranded | undefined>(): DurableObjectNamespace<T> {
  const wrapped = {
    getByName: () =>
      new Proxy(
        {},
        {
          // Not a promise: who awaits a stub gets it.
          get: (_, property) =>
            property === "then"
              ? undefined
              : async () => {
                  throw new Error("Network connection lost.");
                },
        },
      ),
  };
  return wrapped as unknown as DurableObjectNamespace<T>;
}
