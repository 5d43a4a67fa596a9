import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { Bindings } from "../../src/env.ts";
import { requireIdParts } from "../../src/model/ids.ts";
import { keys } from "../../src/model/keys.ts";

/** Reaching into one Durable Object: its bindings, its tables, its alarm. */

type Stub = DurableObjectStub<undefined>;

/** Replaces bindings of the object's instance; returns how to undo it. */
export function replaceIn(stub: Stub, replaced: Partial<Bindings>): Promise<() => void> {
  return runInDurableObject(stub, (instance) => {
    const holder = instance as unknown as { env: object };
    const { env } = holder;
    holder.env = { ...env, ...replaced };
    return () => {
      holder.env = env;
    };
  });
}

/** @param source a table, with or without a condition. */
export function rowsIn(stub: Stub, source: string): Promise<number> {
  return runInDurableObject(
    stub,
    (_, { storage }) => storage.sql.exec(`SELECT * FROM ${source}`).toArray().length,
  );
}

/** Runs the object's alarm with all duties of these kinds due. */
export async function wake(stub: Stub, ...kinds: string[]): Promise<void> {
  await runInDurableObject(stub, async (_, { storage }) => {
    storage.sql.exec(
      "UPDATE due SET at = 1 WHERE kind IN (SELECT value FROM json_each(?))",
      JSON.stringify(kinds),
    );
    await storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(stub);
}

/** Ends an object as a crash does: its memory is lost, and the next call meets a new instance. */
export async function abort(stub: Stub): Promise<void> {
  const reason = "aborted by a test";
  await expect(runInDurableObject(stub, (_, state) => state.abort(reason))).rejects.toThrow(reason);
}

/** The ledger of a notification. */
export function ledgerOf(app: { id: string }, notificationId: string) {
  const { day, slot } = requireIdParts(notificationId);
  return env.LEDGER.getByName(keys.ledger(app.id, day, slot));
}
