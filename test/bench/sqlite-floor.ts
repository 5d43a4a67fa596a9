import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { CHANNEL_KEY } from "./file-template.ts";
import { renderRow } from "./targets-file.ts";

/** As many files as a new app has shards. */
const FILES = 64;
const COLUMNS =
  "user_id, notification_id, channel_key, channel_type, status, reason, attempt, content, delivered_at";

/**
 * The deliveries table of src/objects/user-shard/schema.ts; workerd's settings: WAL, FULL, a checkpoint per 1,000
 * pages.
 */
const SCHEMA = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;
  CREATE TABLE deliveries (
    user_id TEXT NOT NULL, notification_id TEXT NOT NULL, channel_key TEXT NOT NULL,
    channel_type TEXT NOT NULL, status TEXT NOT NULL, reason TEXT, attempt INTEGER NOT NULL, content TEXT,
    delivered_at INTEGER, viewed_at INTEGER, clicked_at INTEGER,
    PRIMARY KEY (user_id, notification_id, channel_key)) WITHOUT ROWID`;

const INSERT_ONE = `INSERT INTO deliveries (${COLUMNS}) VALUES (?, ?, ?, 'in_app', 'delivered', NULL, 1, ?, ?)`;
const INSERT_ALL = `INSERT INTO deliveries (${COLUMNS})
  SELECT value ->> 0, ?, ?, 'in_app', 'delivered', NULL, 1, value ->> 1, ? FROM json_each(?)`;

type Write = (database: DatabaseSync, rows: Row[], notificationId: string) => void;
type Row = [userId: string, content: string];

/** Two ways to write a file's rows; either is one transaction. */
const WAYS: Record<"prepared inserts" | "INSERT … SELECT FROM json_each", Write> = {
  "prepared inserts": (database, rows, notificationId) => {
    const now = Date.now();
    const insert = database.prepare(INSERT_ONE);
    database.exec("BEGIN");
    for (const [userId, content] of rows) insert.run(userId, notificationId, CHANNEL_KEY, content, now);
    database.exec("COMMIT");
  },
  "INSERT … SELECT FROM json_each": (database, rows, notificationId) => {
    const json = JSON.stringify(rows);
    database.prepare(INSERT_ALL).run(notificationId, CHANNEL_KEY, Date.now(), json);
  },
};
export type Way = keyof typeof WAYS;
export const FLOOR_WAYS = Object.keys(WAYS) as Way[];

/** What the machine's SQLite needs for the same rendered rows, in files of one way of writing. */
export class SqliteFloor {
  readonly #folder: string;
  readonly #write: Write;
  readonly #databases: DatabaseSync[];
  #runs = 0;

  private constructor(folder: string, way: Way) {
    this.#folder = folder;
    this.#write = WAYS[way];
    this.#databases = Array.from({ length: FILES }, (_, index) => {
      const database = new DatabaseSync(join(folder, `${index}.sqlite`));
      database.exec(SCHEMA);
      return database;
    });
  }

  static async open(way: Way): Promise<SqliteFloor> {
    return new SqliteFloor(await mkdtemp(join(tmpdir(), "onecall-sqlite-")), way);
  }

  /** Writes one more notification's rows, a file at a time. ms; rendering isn't in it. */
  time(rows: number): number {
    const files = Array.from({ length: FILES }, (): Row[] => []);
    for (let index = 0; index < rows; index++) {
      const { userId, content } = renderRow(index);
      files[index % FILES]?.push([userId, content]);
    }
    const notificationId = `019f0000-0000-7000-8000-${String(++this.#runs).padStart(12, "0")}`;
    const start = performance.now();
    for (const [index, database] of this.#databases.entries()) {
      this.#write(database, files[index] ?? [], notificationId);
    }
    return performance.now() - start;
  }

  async close(): Promise<void> {
    for (const database of this.#databases) database.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
