import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DueTable } from "../../src/objects/kit/due.ts";
import { DUTIES_PER_TURN, Duties, type Duty } from "../../src/objects/kit/duties.ts";

interface Table {
  due: DueTable;
  state: DurableObjectState;
  /** Makes the object's duties these, and its alarm theirs. */
  serve: (...duties: Duty[]) => Duties;
  /** What stands in the table, by kind and id. */
  rows: () => Record<string, number>;
}

/** In an object of its own, with a table that only the test writes. */
function inObject<T>(name: string, work: (table: Table) => T): Promise<T> {
  return runInDurableObject(env.USER_SHARD.getByName(`duties-${name}:1`), (instance, state) => {
    const { storage } = state;
    const due = new DueTable(storage);
    const serve = (...duties: Duty[]): Duties => {
      const own = new Duties(storage, due, name, duties);
      Object.assign(instance, { alarm: () => own.run() });
      return own;
    };
    const rows = () =>
      Object.fromEntries(
        storage.sql
          .exec<{ kind: string; id: string; at: number }>("SELECT kind, id, at FROM due")
          .toArray()
          .map(({ kind, id, at }) => [`${kind}:${id}`, at]),
      );
    return work({ due, state, serve, rows });
  });
}

const throwing: Duty = {
  kind: "bad",
  serve: () => {
    throw new Error("as always");
  },
};

/** Removes what it has served, and remembers it. */
function makeWork(due: DueTable): { duty: Duty; served: string[] } {
  const served: string[] = [];
  const serve = (id: string): void => {
    served.push(id);
    due.remove("work", id);
  };
  return { served, duty: { kind: "work", serve } };
}

describe("a turn of the alarm", () => {
  it("serves so many of a hundred duties that are due, and the next turns the others", async () => {
    await inObject("hundred", async ({ due, serve, rows, state }) => {
      const { duty, served } = makeWork(due);
      const duties = serve(duty, throwing);
      state.storage.transactionSync(() => {
        for (let index = 1; index < 51; index++) due.set("work", String(index), index);
        due.set("bad", "", 51);
        for (let index = 52; index < 102; index++) due.set("work", String(index), index);
      });
      await duties.run();
      expect(served).toHaveLength(DUTIES_PER_TURN);
      for (let turn = 0; turn < 5; turn++) await duties.run();
      expect(served).toHaveLength(100);
      expect(new Set(served).size).toBe(100);
      expect(Object.keys(rows())).toEqual(["bad:"]);
    });
  });

  it("lets what fails wait for ten seconds, then twice as long each time, five minutes at most", async () => {
    await inObject("backoff", async ({ due, serve, rows }) => {
      const duties = serve(throwing);
      const pauses: number[] = [];
      for (let turn = 0; turn < 7; turn++) {
        due.set("bad", "", 1);
        const startedAt = Date.now();
        await duties.run();
        pauses.push(Math.round(((rows()["bad:"] ?? 0) - startedAt) / 10_000));
      }
      expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
    });
  });

  it("begins with short pauses again once the duty was served", async () => {
    await inObject("recovered", async ({ due, serve, rows }) => {
      let fails = true;
      const duties = serve({
        kind: "work",
        serve: () => {
          if (fails) throw new Error("not yet");
          due.set("work", "", 5);
        },
      });
      due.set("work", "", 1);
      for (const next of [true, true, false, true]) {
        fails = next;
        due.set("work", "", 1);
        await duties.run();
      }
      expect((rows()["work:"] ?? 0) - Date.now()).toBeLessThanOrEqual(10_000);
    });
  });

  it("takes a duty that leaves its row as it was for one that failed: it would come at once for ever", async () => {
    await inObject("left", async ({ due, serve, rows }) => {
      const duties = serve({ kind: "work", serve: () => {} });
      due.set("work", "", 1);
      await duties.run();
      expect(rows()["work:"]).toBeGreaterThan(Date.now());
    });
  });

  it("comes again at once where the duty was wanted anew while it was served", async () => {
    await inObject("anew", async ({ due, serve, rows }) => {
      const duties = serve({ kind: "work", serve: () => due.ensure("work", "", 7000) });
      due.set("work", "", 1);
      await duties.run();
      expect(rows()).toEqual({ "work:": 1 });
    });
  });

  it("never throws, even where the table can't be read, and leaves an alarm", async () => {
    await inObject("unreadable", async ({ due, state, serve }) => {
      const duties = serve(throwing);
      due.set("bad", "", 1);
      state.storage.sql.exec("ALTER TABLE due RENAME TO hidden");
      await state.storage.deleteAlarm();
      await duties.run();
      expect(await state.storage.getAlarm()).toBeGreaterThan(Date.now());
      state.storage.sql.exec("ALTER TABLE hidden RENAME TO due");
    });
  });

  it("parks what no duty is for, and a duty that is for it brings it back with its time", async () => {
    await inObject("parked", async ({ due, serve, rows }) => {
      for (const id of ["a", "b"]) due.set("future", id, 1000);
      await serve(throwing).run();
      const [time] = Object.values(rows());
      expect(time).toBeGreaterThan(Date.now());
      const served: string[] = [];
      const serveOne = (id: string): void => {
        served.push(id);
        due.remove("future", id);
      };
      const duties = serve(throwing, { kind: "future", serve: serveOne });
      await due.ensureAlarm();
      expect(rows()).toEqual({ "future:a": 1000, "future:b": 1000 });
      await duties.run();
      expect(served).toEqual(["a", "b"]);
    });
  });

  it("sets no alarm for what is parked", async () => {
    await inObject("no-alarm", async ({ due, serve, state }) => {
      due.set("future", "", 1000);
      const duties = serve(throwing);
      await duties.run();
      await state.storage.deleteAlarm();
      await due.ensureAlarm();
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });
});

describe("an alarm that the platform retries, because its last turn didn't end", () => {
  it("postpones each duty before it serves it: one that ends the object doesn't get to its neighbours", async () => {
    const turn = (isRetry: boolean) =>
      inObject("retried", async ({ due, state, serve, rows }) => {
        const { duty, served } = makeWork(due);
        const killer: Duty = {
          kind: "killer",
          serve: () => {
            state.abort("too much");
            throw new Error("too much");
          },
        };
        const duties = serve(killer, duty);
        if (Object.keys(rows()).length === 0) {
          due.set("killer", "", 1);
          due.set("work", "7", 2);
          await state.storage.sync();
        }
        await duties.run({ isRetry });
        return { served, rows: rows() };
      });
    await expect(turn(false)).rejects.toThrow("too much");
    await expect(turn(true)).rejects.toThrow("too much");
    // What the killer's second turn left: the neighbour is first now.
    const { served, rows } = await turn(false);
    expect(served).toEqual(["7"]);
    expect(rows["killer:"]).toBeGreaterThan(Date.now());
  });
});
