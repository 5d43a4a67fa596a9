/** What a piece of work asks of the databases that it uses. */
export interface SqlCost {
  statements: number;
  read: number;
  written: number;
}

/** Counts the statements of synchronous work in an object, and the rows that Cloudflare bills for them. */
export function countSql(sql: SqlStorage, work: () => void): SqlCost {
  const prototype: Pick<SqlStorage, "exec"> = Object.getPrototypeOf(sql);
  const original = prototype.exec;
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  prototype.exec = function exec<T extends Record<string, SqlStorageValue>>(
    this: SqlStorage,
    query: string,
    ...values: unknown[]
  ): SqlStorageCursor<T> {
    const cursor = original.call(this, query, ...values);
    cursors.push(cursor);
    return cursor as SqlStorageCursor<T>;
  };
  try {
    work();
  } finally {
    prototype.exec = original;
  }
  return {
    statements: cursors.length,
    read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
  };
}
