/**
 * The users with deliveries after ?1, at most ?2 of them, as `users_after (user_id)`: each is one step down the primary
 * key, whatever lies between. The last row may be null: there are no more.
 */
export const USERS_AFTER = `
  WITH RECURSIVE users_after (user_id) AS (
    SELECT (SELECT user_id FROM deliveries WHERE user_id > ?1 ORDER BY user_id LIMIT 1)
    UNION ALL
    SELECT (SELECT deliveries.user_id FROM deliveries
      WHERE deliveries.user_id > users_after.user_id ORDER BY deliveries.user_id LIMIT 1)
    FROM users_after WHERE users_after.user_id IS NOT NULL LIMIT ?2 + 0)`;
