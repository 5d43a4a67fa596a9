import { CHANNEL, DAY_MS, headerOf, idAt, totalsOf } from "./days-rows.ts";
import type { CountedStorage } from "./onecall-bundle.js";
import onecall, { Ledger as DeployedLedger, UserShard as DeployedShard } from "./onecall-bundle.js";

/**
 * A Worker around Onecall's own bundle whose objects can be given the rows of many days, and asked what a call or a
 * duty reads and writes then. `POST /__days {object, name, method, input}`.
 */

export * from "./onecall-bundle.js";

const SLOT_MS = DAY_MS / 4;
const ROWS_PER_STATEMENT = 2000;

/** What one thing cost, as Cloudflare bills it. */
export interface Cost {
  read: number;
  written: number;
  ms: number;
}

/**
 * `days`: of rows, up to now; a day's rows are `perDay` deliveries to `users` users and `perDay` claims in the last
 * day.
 */
export interface Fill {
  days: number;
  perDay: number;
  users: number;
}

interface Cursor {
  toArray(): Record<string, unknown>[];
  rowsRead: number;
  rowsWritten: number;
}
interface Sql {
  exec(query: string, ...values: unknown[]): Cursor;
}
interface Storage extends CountedStorage {
  sql: Sql;
  transactionSync<T>(work: () => T): T;
}
type Method = (...args: unknown[]) => unknown;

const cursors: Cursor[] = [];
let isCounting = false;

/** All objects of the isolate share it; one thing is measured at a time. */
function countStatements(sql: Sql): void {
  if (isCounting) return;
  isCounting = true;
  const prototype = Object.getPrototypeOf(sql) as Sql;
  const { exec } = prototype;
  prototype.exec = function count(this: Sql, query: string, ...values: unknown[]) {
    const cursor = exec.call(this, query, ...values);
    cursors.push(cursor);
    return cursor;
  };
}

async function measure(work: () => unknown): Promise<Cost> {
  cursors.length = 0;
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  const done = cursors.splice(0);
  return {
    read: done.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    written: done.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
    ms,
  };
}

function inSlices<T>(items: readonly T[], work: (json: string) => void): void {
  for (let start = 0; start < items.length; start += ROWS_PER_STATEMENT) {
    work(JSON.stringify(items.slice(start, start + ROWS_PER_STATEMENT)));
  }
}

export class UserShard extends DeployedShard {
  readonly #storage: Storage;

  constructor(ctx: { storage: Storage }, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    countStatements(ctx.storage.sql);
  }

  /** The days up to now, and one that is over: the retention has the same to do, however many days there are. */
  fill({ days, perDay, users }: Fill): void {
    const now = Date.now();
    for (const day of [...Array.from({ length: days }, (_, index) => index), 91]) {
      this.#storage.transactionSync(() => this.#fillDay(now - day * DAY_MS, { perDay, users }));
    }
    this.#storage.transactionSync(() => this.#fillClaims(now, perDay));
    cursors.length = 0;
  }

  #fillDay(end: number, { perDay, users }: Omit<Fill, "days">): void {
    const { sql } = this.#storage;
    const sent = Array.from({ length: perDay }, (_, index): [string, string, number] => {
      const at = end - ((index + 1) * DAY_MS) / (perDay + 1);
      return [idAt(at, index), `user-${(index * 7919) % users}`, Math.floor(at)];
    });
    const notifications = sent.map(([id, user, at]) => [
      id,
      JSON.stringify(headerOf(id, at)),
      JSON.stringify(totalsOf(at)),
      user,
    ]);
    inSlices(notifications, (json) =>
      sql.exec(
        `INSERT INTO notifications (id, header, totals, version, reported_version, target)
         SELECT value ->> 0, value ->> 1, value ->> 2, 1, 1, value ->> 3 FROM json_each(?) WHERE true`,
        json,
      ),
    );
    inSlices(sent, (json) =>
      sql.exec(
        `INSERT INTO deliveries (user_id, notification_id, channel_key, channel_type, status, attempt, content,
           delivered_at, viewed_at)
         SELECT value ->> 1, value ->> 0, 'in-app-alerts', 'in_app', 'delivered', 1, '{"text":"Thanks"}', value ->> 2,
           value ->> 2
         FROM json_each(?) WHERE true`,
        json,
      ),
    );
  }

  /** Of the last day; and a slot that has ended, as the alarm finds it once in six hours. */
  #fillClaims(now: number, perDay: number): void {
    const last = Math.floor(now / SLOT_MS);
    const claims = Array.from({ length: perDay + perDay / 4 }, (_, index) => {
      const at = index < perDay ? now - (index * DAY_MS) / perDay : (last - 5) * SLOT_MS - 1 - index;
      return [Math.floor(at / SLOT_MS), `key-${index}`, Math.floor(at)];
    });
    inSlices(claims, (json) =>
      this.#storage.sql.exec(
        `INSERT INTO claims (slot, key, request_hash, notification_id, header, created_at, running_until, answer)
         SELECT value ->> 0, value ->> 1, 'hash', value ->> 1, '{}', value ->> 2, 0, '{}' FROM json_each(?)`,
        json,
      ),
    );
  }

  /** Pushes that wait for a provider since so many days, a thousand for each, beside a hundred that are due. */
  fillOutbox({ waiting, due }: { waiting: number; due: number }): void {
    const now = Date.now();
    const rows = Array.from({ length: waiting + due }, (_, index) => [
      idAt(now - index, index),
      `user-${index}`,
      index < due ? now - 1 : now + DAY_MS,
    ]);
    inSlices(rows, (json) =>
      this.#storage.sql.exec(
        `INSERT INTO pushes (channel_key, notification_id, user_id, attempt, due_at, wake_at, expires_at, content)
         SELECT 'mobile-push', value ->> 0, value ->> 1, 1, value ->> 2, value ->> 2, ?2, '{}' FROM json_each(?1)`,
        json,
        now + 2 * DAY_MS,
      ),
    );
    cursors.length = 0;
  }

  /**
   * Writes so many copies of the newest segment, as of another batch. Returns who of the users begins with `prefix`.
   * The object must begin anew after that: it knows the newest segment.
   */
  repeatSegment({ copies, prefix }: { copies: number; prefix: string }): string[] {
    const { sql } = this.#storage;
    this.#storage.transactionSync(() => {
      for (let copy = 1; copy <= copies; copy++) {
        sql.exec(
          `INSERT INTO segments
           SELECT seq + 1, notification_id, 'copy ' || ?, stored_at, targets, outcomes, hashes, starts, lines, places
           FROM segments ORDER BY seq DESC LIMIT 1`,
          copy,
        );
      }
    });
    return sql
      .exec("SELECT uid FROM users WHERE uid >= ?1 AND uid < ?1 || '~'", prefix)
      .toArray()
      .map(({ uid }) => String(uid));
  }

  /** A method of the object as it is deployed. */
  call({ method, args }: { method: string; args: unknown[] }): Promise<Cost> {
    const work = Reflect.get(this, method) as Method;
    return measure(() => work.apply(this, args));
  }

  send({ index, userId }: { index: number; userId: string }): Promise<Cost> {
    const now = Date.now();
    const header = headerOf(idAt(now, 1_000_000 + index), now);
    const row = [userId, CHANNEL.key, CHANNEL.type, "delivered", null, '{"text":"Thanks"}'];
    const slice = {
      json: JSON.stringify([row]),
      rows: 1,
      outbox: null,
      tallies: [[CHANNEL.key, "delivered", null, 1]],
    };
    const request = {
      header,
      expected: 1,
      slices: [slice],
      pushData: null,
      target: userId,
      targetValues: null,
    };
    return this.call({ method: "deliver", args: [request] });
  }

  /** A duty, turn by turn of the alarm, to its end. */
  async duty({ kind }: { kind: string }): Promise<Cost> {
    const { sql } = this.#storage;
    const cost = { read: 0, written: 0, ms: 0 };
    sql.exec("DELETE FROM due");
    sql.exec("INSERT INTO due (kind, id, at) VALUES (?, '', 1)", kind);
    const isDue = (): boolean =>
      sql.exec("SELECT 1 FROM due WHERE kind = ? AND at <= ?", kind, Date.now()).toArray().length > 0;
    while (isDue()) {
      const turn = await measure(() => this.alarm());
      cost.read += turn.read;
      cost.written += turn.written;
      cost.ms += turn.ms;
    }
    return cost;
  }
}

export class Ledger extends DeployedLedger {
  constructor(ctx: { storage: Storage }, env: object) {
    super(ctx, env);
    countStatements(ctx.storage.sql);
  }

  /** A shard's reports of `count` sends, made since `start`, `from` first. */
  reports({ from, count, start }: { from: number; count: number; start: number }): Promise<Cost> {
    const reports = Array.from({ length: count }, (_, index) => {
      const at = start + from + index;
      const id = idAt(at, from + index);
      const header = headerOf(id, at);
      return { notificationId: id, version: 1, totals: totalsOf(at), attempt: 1, waiting: 0, header };
    });
    return this.call({ method: "report", args: [3, reports] });
  }

  call({ method, args }: { method: string; args: unknown[] }): Promise<Cost> {
    const work = Reflect.get(this, method) as Method;
    return measure(() => work.apply(this, args));
  }
}

interface Command {
  object: "LEDGER" | "USER_SHARD";
  name: string;
  method: string;
  input: object;
}

type Namespaces = Record<Command["object"], { getByName(name: string): Record<string, Method> }>;

export default {
  async fetch(request: Request, env: Namespaces, execution: object): Promise<Response> {
    if (new URL(request.url).pathname !== "/__days") return onecall.fetch(request, env, execution);
    const { object, name, method, input } = (await request.json()) as Command;
    const stub = env[object].getByName(name);
    return Response.json((await stub[method]?.(input)) ?? null);
  },
  /** Nobody sends what was only written down. */
  queue: (): void => {},
};
