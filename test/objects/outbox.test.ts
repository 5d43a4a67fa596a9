import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { DueTable } from "../../src/objects/kit/due.ts";
import { Duties } from "../../src/objects/kit/duties.ts";
import { eachRow, Outbox, type OutboxRows } from "../../src/objects/kit/outbox.ts";
import { PATIENTLY } from "../support/patiently.ts";

const LIMITS = { safetyMs: 5000, pauseMs: 1000, pauses: { firstMs: 2000, longestMs: 8000 } };

interface Box {
  outbox: Outbox;
  /** The object's alarm. */
  runAlarm: () => Promise<void>;
  /** Writes rows down, in a transaction. */
  write: (...rows: string[]) => void;
  /** What is still to be told. */
  left: () => string[];
  /** When the alarm tells, from now on, ms; null where nothing is left. */
  dueIn: () => number | null;
}

/** An outbox of texts in an object of its own; `tell` says what happens to each. */
function inOutbox<T>(
  name: string,
  tell: (row: string, box: Box) => Promise<void>,
  work: (box: Box) => Promise<T>,
  more: Partial<OutboxRows<string>> = {},
): Promise<T> {
  return runInDurableObject(env.USER_SHARD.getByName(`outbox-${name}:1`), async (instance, { storage }) => {
    const due = new DueTable(storage);
    const rows: string[] = [];
    const remove = (row: string): void => {
      rows.splice(rows.indexOf(row), 1);
    };
    const outbox: Outbox = new Outbox(
      "test",
      due,
      LIMITS,
      eachRow<string>(
        {
          list: (_, limit) => rows.slice(0, limit),
          tell: (row) => tell(row, box),
          remove,
          ...more,
        },
        3,
      ),
    );
    const duties = new Duties(storage, due, name, [outbox]);
    Object.assign(instance, { alarm: () => duties.run() });
    const box: Box = {
      outbox,
      runAlarm: async () => {
        storage.sql.exec("UPDATE due SET at = 1");
        await duties.run();
      },
      write: (...added) =>
        due.transaction(() => {
          rows.push(...added);
          outbox.noteWritten(Date.now());
        }),
      left: () => [...rows],
      dueIn: () => {
        const [row] = storage.sql.exec<{ at: number }>("SELECT at FROM due WHERE kind = 'test'").toArray();
        return row === undefined ? null : row.at - Date.now();
      },
    };
    return work(box);
  });
}

const succeed = (told: string[]) => async (row: string) => {
  told.push(row);
};

describe("an outbox", () => {
  it("has its alarm set in the transaction that writes, and tells before that", async () => {
    const told: string[] = [];
    await inOutbox("soon", succeed(told), async ({ outbox, write, left, dueIn, runAlarm }) => {
      write("a", "b");
      expect(dueIn()).toBeGreaterThan(4000);
      await outbox.tell();
      expect(told).toEqual(["a", "b"]);
      expect(left()).toEqual([]);
      await runAlarm();
      expect(told).toEqual(["a", "b"]);
      expect(dueIn()).toBeNull();
    });
  });

  it("tells by its alarm what nobody came to tell, so many rows in a turn", async () => {
    const told: string[] = [];
    await inOutbox("alarm", succeed(told), async ({ write, dueIn, runAlarm }) => {
      write("a", "b", "c", "d");
      await runAlarm();
      expect(told).toEqual(["a", "b", "c"]);
      expect(dueIn()).toBeGreaterThan(0);
      expect(dueIn()).toBeLessThanOrEqual(1000);
      await runAlarm();
      expect(told).toEqual(["a", "b", "c", "d"]);
      expect(dueIn()).toBeNull();
    });
  });

  it("keeps what can't be told, tells the rest, and waits longer each time", async () => {
    const told: string[] = [];
    const tell = async (row: string): Promise<void> => {
      if (row === "bad") throw new Error("nobody hears it");
      told.push(row);
    };
    await inOutbox("bad", tell, async ({ outbox, write, left, dueIn, runAlarm }) => {
      write("bad", "good");
      await expect(outbox.tell()).rejects.toThrow("nobody hears it");
      await outbox.tellIfPossible();
      expect(told).toEqual(["good"]);
      const pauses: number[] = [];
      for (let turn = 0; turn < 4; turn++) {
        await runAlarm();
        pauses.push(Math.ceil((dueIn() ?? 0) / 1000));
      }
      expect(pauses).toEqual([2, 4, 8, 8]);
      expect(left()).toEqual(["bad"]);
    });
  });

  it("takes one turn at a time; who waits for it meanwhile shares the next", async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    const tell = async (row: string, { write }: Box): Promise<void> => {
      running++;
      calls++;
      most = Math.max(most, running);
      if (row === "a") write("b");
      await scheduler.wait(0);
      running--;
    };
    await inOutbox("turns", tell, async ({ outbox, write, left }) => {
      write("a");
      await Promise.all([outbox.tell(), outbox.tell(), outbox.tell()]);
      expect(left()).toEqual([]);
      expect({ most, calls }).toEqual({ most: 1, calls: 2 });
    });
  });

  it("keeps its alarm for what is written while a turn of it runs", async () => {
    const tell = async (row: string, { write }: Box): Promise<void> => {
      if (row === "a") write("b");
    };
    await inOutbox("meanwhile", tell, async ({ write, left, dueIn, runAlarm }) => {
      write("a");
      await runAlarm();
      expect(left()).toEqual(["b"]);
      expect(dueIn()).not.toBeNull();
    });
  });

  it("tells by a timer, at the earliest time that was asked for", async () => {
    const told: string[] = [];
    await inOutbox("timer", succeed(told), async ({ outbox, write }) => {
      write("a");
      outbox.schedule(Date.now() + 60_000);
      outbox.schedule(Date.now());
      outbox.schedule(Date.now() + 60_000);
      await vi.waitFor(() => expect(told).toEqual(["a"]), PATIENTLY);
    });
  });

  it("needs no pause where what fails has a time of its own", async () => {
    const told: string[] = [];
    const later = new Set<string>();
    const tell = async (row: string): Promise<void> => {
      if (row === "bad") throw new Error("nobody hears it");
      told.push(row);
    };
    const nextAt = (now: number): number => now + 30_000;
    const postpone = (row: string): void => {
      later.add(row);
    };
    await inOutbox(
      "own-times",
      tell,
      async ({ write, dueIn, runAlarm }) => {
        write("bad", "good");
        await runAlarm();
        expect([...later]).toEqual(["bad"]);
        expect(told).toEqual(["good"]);
        expect(dueIn()).toBeGreaterThan(20_000);
      },
      { nextAt, postpone },
    );
  });
});
