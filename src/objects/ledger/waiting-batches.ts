import type { UnitRange } from "../../model/chunk-units.ts";
import type { Priority } from "../../model/notification.ts";

/** A batch, or a retry of one, whose units aren't all in the queue. */
export interface WaitingBatch {
  notificationId: string;
  priority: Priority;
  attempt: number;
  /** Units that no queue has had yet. */
  todo: UnitRange[];
  /** Sent, without a place in the queue any more, and not heard of. */
  lost: UnitRange[];
}

type WaitingRow = {
  notification_id: string;
  priority: Priority;
  attempt: number;
  todo: string;
  lost: string;
};

/** The table `queue_waiting`: a row per batch that has units to send, or some that weren't heard of. */
export class WaitingBatches {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(notificationId: string): WaitingBatch | null {
    const [row] = this.#sql
      .exec<WaitingRow>(
        `SELECT notification_id, priority, attempt, todo, lost FROM queue_waiting WHERE notification_id = ?`,
        notificationId,
      )
      .toArray();
    return row === undefined ? null : parseRow(row);
  }

  /** Writes the batch down as it is now; one that has nothing left has no row. */
  put({ notificationId, priority, attempt, todo, lost }: WaitingBatch): void {
    if (todo.length === 0 && lost.length === 0) {
      this.delete(notificationId);
      return;
    }
    this.#sql.exec(
      `INSERT INTO queue_waiting (notification_id, priority, attempt, todo, lost) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET attempt = excluded.attempt, todo = excluded.todo, lost = excluded.lost`,
      notificationId,
      priority,
      attempt,
      JSON.stringify(todo),
      JSON.stringify(lost),
    );
  }

  delete(notificationId: string): void {
    this.#sql.exec("DELETE FROM queue_waiting WHERE notification_id = ?", notificationId);
  }

  /** Batches with units to send, in the order of their ids from the one behind `turn` on, and around. */
  listInTurn(priority: Priority, turn: string, limit: number): WaitingBatch[] {
    const behind = this.#sql
      .exec<WaitingRow>(
        `SELECT notification_id, priority, attempt, todo, lost FROM queue_waiting
         WHERE priority = ? AND todo <> '[]' AND notification_id > ? ORDER BY notification_id LIMIT ? + 0`,
        priority,
        turn,
        limit,
      )
      .toArray();
    if (behind.length === limit || turn === "") return behind.map(parseRow);
    const before = this.#sql
      .exec<WaitingRow>(
        `SELECT notification_id, priority, attempt, todo, lost FROM queue_waiting
         WHERE priority = ? AND todo <> '[]' AND notification_id <= ? ORDER BY notification_id LIMIT ? + 0`,
        priority,
        turn,
        limit - behind.length,
      )
      .toArray();
    return [...behind, ...before].map(parseRow);
  }
}

function parseRow({ notification_id, priority, attempt, todo, lost }: WaitingRow): WaitingBatch {
  return {
    notificationId: notification_id,
    priority,
    attempt,
    todo: JSON.parse(todo),
    lost: JSON.parse(lost),
  };
}
