import type { CountedStorage } from "./onecall-bundle.js";

/**
 * Counts what Cloudflare bills, where the calls are made: it wraps the methods of the bindings and of the
 * objects' storage. Worker and objects share an isolate here, so one set of counters sees both.
 */

export const counts = {
  queueOperations: 0,
  queueMessages: 0,
  objectRequests: 0,
  rowsWritten: 0,
  rowsRead: 0,
  kvReads: 0,
  kvWrites: 0,
  r2ClassA: 0,
  r2ClassB: 0,
};
export type BillableCounts = typeof counts;

/** A queue operation is a write, a read or a delete of 64 KB or a part of it, ~100 bytes of metadata included. */
const QUEUE_BLOCK_BYTES = 64_000;
const QUEUE_METADATA_BYTES = 100;

type Method = (this: object, ...args: unknown[]) => unknown;

const seen = new WeakSet<object>();

/** Puts `around` between the callers and a method of all objects of `instance`'s class; once. */
function wrap(
  instance: object,
  methods: Record<string, (result: unknown, args: unknown[]) => unknown>,
): void {
  const prototype = Object.getPrototypeOf(instance) as Record<string, Method>;
  if (seen.has(prototype)) return;
  seen.add(prototype);
  for (const [name, after] of Object.entries(methods)) {
    const method = prototype[name];
    if (method === undefined) throw new Error(`There is no ${name} to count`);
    prototype[name] = function (...args) {
      return after(method.apply(this, args), args);
    };
  }
}

function adding(name: keyof BillableCounts): (result: unknown) => unknown {
  return (result) => {
    counts[name]++;
    return result;
  };
}

function blocksOf(body: unknown): number {
  const bytes = new TextEncoder().encode(JSON.stringify(body)).length + QUEUE_METADATA_BYTES;
  return Math.ceil(bytes / QUEUE_BLOCK_BYTES);
}

/** A batch that is handed over: a read for every message, again for each retry, and a delete for every ack. */
export function countMessages(messages: readonly { body: unknown }[]): void {
  addBlocks(messages);
  const [first] = messages;
  if (first !== undefined) wrap(first, { ack: adding("queueOperations") });
}

function addBlocks(messages: readonly { body: unknown }[]): void {
  for (const { body } of messages) counts.queueOperations += blocksOf(body);
}

/** Every call on a stub is a request to its object. */
function countStub(stub: unknown): unknown {
  return new Proxy(stub as Record<string, Method>, {
    get: (target, name) =>
      typeof name === "symbol" || name === "then"
        ? Reflect.get(target, name)
        : (...args: unknown[]) => {
            counts.objectRequests++;
            return target[name]?.(...args);
          },
  });
}

export function countBindings(env: Record<string, unknown>): void {
  for (const [name, binding] of Object.entries(env)) {
    if (typeof binding !== "object" || binding === null) continue;
    if (name === "CONFIG") wrap(binding, { get: adding("kvReads"), put: adding("kvWrites") });
    else if (name === "TARGETS") {
      wrap(binding, {
        put: adding("r2ClassA"),
        list: adding("r2ClassA"),
        get: adding("r2ClassB"),
        head: adding("r2ClassB"),
        createMultipartUpload: async (result) => {
          counts.r2ClassA++;
          const upload = (await result) as object;
          wrap(upload, { uploadPart: adding("r2ClassA"), complete: adding("r2ClassA") });
          return upload;
        },
      });
    } else if (name.startsWith("DELIVERIES_")) {
      wrap(binding, {
        sendBatch: (result, [batch]) => {
          const messages = [...(batch as Iterable<{ body: unknown }>)];
          counts.queueMessages += messages.length;
          addBlocks(messages);
          return result;
        },
      });
    } else wrap(binding, { getByName: countStub });
  }
}

// A cursor knows its rows once it is read, which our code does before it gives up the thread.
export function countStorage(storage: CountedStorage): void {
  wrap(storage, { setAlarm: adding("rowsWritten") });
  wrap(storage.sql, {
    exec: (result) => {
      const cursor = result as { rowsWritten: number; rowsRead: number };
      queueMicrotask(() => {
        counts.rowsWritten += cursor.rowsWritten;
        counts.rowsRead += cursor.rowsRead;
      });
      return cursor;
    },
  });
}
