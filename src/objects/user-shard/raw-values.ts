/**
 * Drops what realtime sends are rendered from again, of up to `limit` notifications before `beforeId`, going on
 * where the last call ended. False when none are left. Expects to run in a
 * transaction.
 */
export function dropRawValues(sql: SqlStorage, beforeId: string, limit: number): boolean {
  const from = sql.exec<{ id: string }>("SELECT until_id AS id FROM values_dropped").toArray()[0]?.id;
  const ids = sql
    .exec<{ id: string }>(
      "SELECT id FROM notifications WHERE id > ? AND id < ? ORDER BY id LIMIT ?",
      from ?? "",
      beforeId,
      limit,
    )
    .toArray();
  const last = ids.at(-1)?.id;
  if (last === undefined) return false;
  sql.exec(
    `UPDATE notifications SET target_values = NULL, push_data = NULL
     WHERE id > ? AND id <= ? AND target IS NOT NULL
       AND (target_values IS NOT NULL OR push_data IS NOT NULL)`,
    from ?? "",
    last,
  );
  if (from === undefined) sql.exec("INSERT INTO values_dropped (until_id) VALUES (?)", last);
  else sql.exec("UPDATE values_dropped SET until_id = ?", last);
  return ids.length === limit;
}
