/** Rows as Cloudflare bills them. */
export interface RowCounts {
  read: number;
  written: number;
}

/** An object's database, with what its statements read and write. */
export class CountedSql {
  readonly sql: SqlStorage;
  readonly #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

  constructor(sql: SqlStorage) {
    this.sql = new Proxy(sql, {
      get: (target, property) => {
        if (property !== "exec") return Reflect.get(target, property, target);
        return (query: string, ...values: unknown[]) => {
          const cursor = target.exec(query, ...values);
          this.#cursors.push(cursor);
          return cursor;
        };
      },
    });
  }

  /** Since the last time. */
  take(): RowCounts {
    const cursors = this.#cursors.splice(0);
    return {
      read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
      written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
    };
  }
}
