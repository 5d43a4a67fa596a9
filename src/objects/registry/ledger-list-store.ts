import type { LedgerRef } from "../../model/ids.ts";
import type { LedgerDay, LedgerPage } from "../../model/ledger-list.ts";
import { MAX_LEDGER_SLOTS } from "../../model/limits.ts";

/** Later than any day. */
const END_OF_DAYS = "9999-12-31";
/** After every slot of a day in the order of the names. */
const BEHIND_SLOTS = ";";

/** What stands in the table's column: the day alone is its first ledger, as before there were several. */
function nameOf({ day, slot }: LedgerRef): string {
  return slot === 0 ? day : `${day}:${String(slot).padStart(3, "0")}`;
}

function readName({ day: name }: { day: string }): LedgerRef {
  const [day = "", slot = "0"] = name.split(":");
  return { day, slot: Number(slot) };
}

/** The ledgers that an app has. */
export class LedgerListStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  add(ledger: LedgerRef): void {
    this.#sql.exec("INSERT OR IGNORE INTO ledgers (day) VALUES (?)", nameOf(ledger));
  }

  remove(ledger: LedgerRef): void {
    this.#sql.exec("DELETE FROM ledgers WHERE day = ?", nameOf(ledger));
  }

  has(ledger: LedgerRef): boolean {
    return this.#sql.exec("SELECT 1 FROM ledgers WHERE day = ?", nameOf(ledger)).toArray().length > 0;
  }

  /** Days between both bounds, inclusive: as many as have `maxLedgers` ledgers together, and one at least. */
  list(fromDay: string | null, toDay: string | null, maxLedgers: number): LedgerPage {
    const limit = maxLedgers + MAX_LEDGER_SLOTS;
    const rows = this.#sql
      .exec<{ day: string }>(
        "SELECT day FROM ledgers WHERE day >= ? AND day < ? ORDER BY day DESC LIMIT ? + 0",
        fromDay ?? "",
        `${toDay ?? END_OF_DAYS}${BEHIND_SLOTS}`,
        limit,
      )
      .toArray()
      .map(readName);
    const found = [...Map.groupBy(rows, ({ day }) => day)].map(([day, ofDay]) => ({
      day,
      slots: ofDay.map(({ slot }) => slot),
    }));
    // The page may have ended between the rows of one day's ledgers: the next page begins with that day.
    const cut = rows.length === limit ? found.pop() : undefined;
    const days: LedgerDay[] = [];
    let ledgers = 0;
    for (const entry of found) {
      ledgers += entry.slots.length;
      if (ledgers > maxLedgers && days.length > 0) return { days, nextDay: entry.day };
      days.push(entry);
    }
    return { days, nextDay: cut?.day ?? null };
  }

  /** The first ledgers behind `after`, in the order of their days: for what goes through all of them. */
  listAfter(after: LedgerRef | null, limit: number): LedgerRef[] {
    return this.#sql
      .exec<{ day: string }>(
        "SELECT day FROM ledgers WHERE day > ? ORDER BY day LIMIT ? + 0",
        after === null ? "" : nameOf(after),
        limit,
      )
      .toArray()
      .map(readName);
  }
}
