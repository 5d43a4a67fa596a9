import type { LedgerPlan } from "../../model/notification.ts";
import type { ObjectSize, ShardSize } from "../../model/object-state.ts";
import { STORAGE_FULL } from "../../model/platform-fault.ts";
import { FULL_SHARE, SHOWN_OBJECTS } from "../kit/room.ts";

/** A size is written down again when it has changed by this part of itself. */
const CHANGE_PART = 16;

/** How large the shards are that report here: they say it with their reports, so a status needn't wake them. */
export class ShardSizeStore {
  readonly #sql: SqlStorage;
  /** What this instance has written last, by shard. */
  readonly #known = new Map<number, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In a transaction. Should that fail, the next larger change is written. */
  note(shard: number, { bytes, share }: ObjectSize): void {
    const known = this.#known.get(shard);
    if (known !== undefined && Math.abs(bytes - known) < known / CHANGE_PART) return;
    this.#sql.exec(
      `INSERT INTO shard_sizes (shard, bytes, share) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET bytes = excluded.bytes, share = excluded.share`,
      shard,
      bytes,
      share,
    );
    this.#known.set(shard, bytes);
  }

  /** Throws where one of these shards has no room for what would grow it, as far as it has told. */
  requireRoomIn(expected: LedgerPlan["expected"]): void {
    const isFull = ({ shard, share }: ShardSize): boolean =>
      share >= FULL_SHARE && expected.some(([expectedShard]) => expectedShard === shard);
    if (this.listLargest().some(isFull)) throw new Error(STORAGE_FULL);
  }

  listLargest(): ShardSize[] {
    return this.#sql
      .exec<{ shard: number; bytes: number; share: number }>(
        "SELECT shard, bytes, share FROM shard_sizes ORDER BY bytes DESC LIMIT ? + 0",
        SHOWN_OBJECTS,
      )
      .toArray();
  }
}
