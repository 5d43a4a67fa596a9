/** How many of these users have a row of a notification, by channel. */
export function countRowsOf(
  sql: SqlStorage,
  notificationId: string,
  userIds: readonly string[],
): Map<string, number> {
  const counts = sql.exec<{ channel_key: string; count: number }>(
    `SELECT channel_key, COUNT(*) AS count FROM json_each(?)
       CROSS JOIN deliveries ON user_id = value AND notification_id = ? GROUP BY channel_key`,
    JSON.stringify(userIds),
    notificationId,
  );
  return new Map([...counts].map(({ channel_key, count }) => [channel_key, count]));
}
