// Statements of delivery-rows.ts: all that is written of deliveries.

export const INSERT_DELIVERIES = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, attempt, content, delivered_at)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 1, value ->> 5,
    CASE value ->> 3 WHEN 'delivered' THEN ?2 END
  FROM json_each(?3) WHERE true
  ON CONFLICT DO NOTHING`;

export const INSERT_ARRIVED = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, content, delivered_at, attempt)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, 1
  FROM json_each(?) WHERE true
  ON CONFLICT DO NOTHING
  RETURNING user_id AS userId, notification_id AS notificationId, channel_key AS channelKey`;

// Whether a user can be reached is decided where the addresses are, in the same statement. ?3: the channel's type,
// ?4: why a delivery to a user without one is skipped.
export const INSERT_DISPATCHED = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, attempt, content)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, iif(skips, 'skipped', value ->> 3),
    iif(skips, ?4, value ->> 4), 1, NULL
  FROM (SELECT value, value ->> 3 = 'pending' AND NOT EXISTS (
      SELECT 1 FROM devices WHERE user_id = targets.value ->> 0 AND channel_type = ?3
    ) AS skips FROM json_each(?2) AS targets) WHERE true
  ON CONFLICT DO NOTHING`;

// Where somebody was deleted since the notification was accepted: of a gone user only the key and the skip.
export const INSERT_FOR_THE_LIVING = `
  INSERT INTO deliveries
    (user_id, notification_id, channel_key, channel_type, status, reason, attempt, content, delivered_at)
  SELECT value ->> 0, ?1, value ->> 1, value ->> 2, iif(gone OR skips, 'skipped', value ->> 3),
    CASE WHEN gone THEN 'user_deleted' WHEN skips THEN ?5 ELSE value ->> 4 END, 1,
    iif(gone OR ?4 IS NOT NULL, NULL, value ->> 5), iif(value ->> 3 = 'delivered' AND NOT gone, ?2, NULL)
  FROM (SELECT value, EXISTS (SELECT 1 FROM deleted_users
        WHERE deleted_users.uid = targets.value ->> 0 AND before_id > ?1) AS gone,
      ?4 IS NOT NULL AND value ->> 3 = 'pending' AND NOT EXISTS (
        SELECT 1 FROM devices WHERE user_id = targets.value ->> 0 AND channel_type = ?4
      ) AS skips FROM json_each(?3) AS targets) WHERE true
  ON CONFLICT DO NOTHING`;

// Reopened and not delivered again: pending in this attempt, and not on its way to a provider.
export const WAITS = `
  deliveries.status = 'pending' AND deliveries.attempt = ?2 AND NOT EXISTS (
    SELECT 1 FROM pushes WHERE pushes.channel_key = deliveries.channel_key
      AND pushes.notification_id = ?1 AND pushes.user_id = deliveries.user_id)`;
