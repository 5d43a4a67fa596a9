import type { Settlement } from "../../model/delivery.ts";
import type { DispatchGroup } from "../../model/dispatch.ts";
import type { DeliveryStatus } from "../../model/notification.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import type { DispatchRow } from "./dispatch-reads.ts";
import type { DispatchStore } from "./dispatch-store.ts";

interface SettlementParts {
  deliveries: DeliveryStore;
  store: DispatchStore;
  /** Inside a transaction that changes totals: they are to be reported. */
  noteChange: (now: number) => void;
}

/** How deliveries leave the outbox. Methods expect to run inside a transaction. */
export class DispatchSettlements {
  readonly #parts: SettlementParts;

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  /** Ends dispatches without another attempt. One that an address has taken is delivered and stays so. */
  end(
    group: DispatchGroup,
    rows: readonly DispatchRow[],
    outcomeOf: (row: DispatchRow) => { status: DeliveryStatus; reason: string },
    now: number,
  ): void {
    if (rows.length === 0) return;
    this.#parts.store.delete(
      group,
      rows.map(({ userId }) => userId),
    );
    const settlements = rows
      .filter(({ accepted }) => !accepted)
      .map((row) => ({ ...row, ...outcomeOf(row), message: null }));
    this.writeDown(group, settlements, now);
  }

  writeDown(
    { channelKey, notificationId }: DispatchGroup,
    settlements: readonly Settlement[],
    now: number,
  ): void {
    if (settlements.length === 0) return;
    this.#parts.deliveries.settle(notificationId, channelKey, settlements, now);
    this.#parts.noteChange(now);
  }
}
