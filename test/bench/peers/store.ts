import { setTimeout as delay } from "node:timers/promises";
import { FILE_TEMPLATE } from "../file-template.ts";
import { loadPackage } from "./packages.ts";

/** What is used of `pg`. */
interface PgModule {
  Pool: new (options: { host: string; port: number; user: string; database: string; max: number }) => PgPool;
}
interface PgPool {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  on(event: "error", listener: () => void): void;
  end(): Promise<void>;
}

/** A part of a send, as a job carries it. */
export interface Part {
  sendId: string;
  part: number;
  /** `[userId, …cells]` in the order of the columns. */
  columns: string[];
  rows: string[][];
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS inbox (
    user_id TEXT NOT NULL, send_id TEXT NOT NULL, content TEXT NOT NULL, delivered_at TIMESTAMPTZ NOT NULL,
    viewed_at TIMESTAMPTZ, PRIMARY KEY (user_id, send_id));
  CREATE TABLE IF NOT EXISTS counts (
    send_id TEXT NOT NULL, part INT NOT NULL, delivered INT NOT NULL, PRIMARY KEY (send_id, part))`;

// One transaction: what is stored is counted, and what comes again is neither. A row of counts for each part, as one
// for the send would make the workers wait for each other.
const STORE = `
  WITH stored AS (
    INSERT INTO inbox (user_id, send_id, content, delivered_at)
    SELECT user_id, $1, content, now() FROM unnest($3::text[], $4::text[]) AS rows (user_id, content)
    ON CONFLICT DO NOTHING RETURNING 1)
  INSERT INTO counts (send_id, part, delivered) SELECT $1, $2, COUNT(*) FROM stored
  ON CONFLICT (send_id, part) DO UPDATE SET delivered = counts.delivered + excluded.delivered`;

const CONNECTIONS = 8;
const POLL_MS = 10;

/** The inboxes and counts of the peers, in Postgres. */
export class PeerStore {
  readonly #pool: PgPool;

  constructor(folder: string, port: number) {
    const { Pool } = loadPackage<PgModule>(folder, "pg");
    this.#pool = new Pool({ host: "127.0.0.1", port, user: "bench", database: "postgres", max: CONNECTIONS });
    // Of connections that a kill has ended; who uses one is told apart from it.
    this.#pool.on("error", () => {});
  }

  async create(): Promise<void> {
    await this.#pool.query(SCHEMA);
  }

  /** Renders and stores a part. */
  async deliver({ sendId, part, columns, rows }: Part): Promise<void> {
    const contents = rows.map((row) => render(columns, row));
    const users = rows.map(([userId]) => userId);
    await this.#pool.query(STORE, [sendId, part, users, contents]);
  }

  async count(sendId: string): Promise<number> {
    const statement = "SELECT COALESCE(SUM(delivered), 0)::int AS count FROM counts WHERE send_id = $1";
    return Number((await this.#pool.query(statement, [sendId])).rows[0]?.count);
  }

  /** Resolves when so many are counted; throws where more are. */
  async waitUntilCounted(sendId: string, targets: number, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const count = await this.count(sendId);
      if (count === targets) return;
      if (count > targets || Date.now() > deadline) {
        throw new Error(`Of ${targets} targets ${count} are counted after ${timeoutMs / 1000} s`);
      }
      await delay(POLL_MS);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

const CONTENT = Object.entries(FILE_TEMPLATE.content).map(
  ([field, text]) => [field, text.split(/\{\{(\w+)\}\}/)] as const,
);

/** The bench's template with a row's cells. */
function render(columns: readonly string[], row: readonly string[]): string {
  const cellOf = (name: string): string => row[columns.indexOf(name)] ?? "";
  return JSON.stringify(
    Object.fromEntries(
      CONTENT.map(([field, pieces]) => [
        field,
        pieces.map((piece, index) => (index % 2 === 0 ? piece : cellOf(piece))).join(""),
      ]),
    ),
  );
}
