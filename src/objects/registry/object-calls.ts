import type { Actor, AuditFilter, AuditPage, Change, UserAction } from "../../model/audit.ts";
import type { LedgerRef } from "../../model/ids.ts";
import type { LedgerPage } from "../../model/ledger-list.ts";
import { refuse, succeed } from "../../model/outcome.ts";
import type { Usage } from "../../model/quotas.ts";
import type { UserNumbers } from "../../model/user.ts";
import { isUntouched } from "../kit/migrate.ts";
import type { RetryRecord } from "./contract.ts";
import { WebhookCalls } from "./webhook-calls.ts";

/** What the app's other objects tell: which there are, how many users they have, what they did. */
export class ObjectCalls extends WebhookCalls {
  registerLedger(ledger: LedgerRef): number | null {
    if (!this.exists()) return null;
    this.ledgers.add(ledger);
    return this.quotas.limitOf("tags");
  }

  forgetLedger(ledger: LedgerRef): void {
    if (!isUntouched(this.ctx.storage)) this.ledgers.remove(ledger);
  }

  hasLedger(ledger: LedgerRef): boolean {
    return this.exists() && this.ledgers.has(ledger);
  }

  listLedgers(fromDay: string | null, toDay: string | null, maxLedgers: number): LedgerPage {
    return this.exists() ? this.ledgers.list(fromDay, toDay, maxLedgers) : { days: [], nextDay: null };
  }

  async growLedgerSlots(): Promise<void> {
    await this.change(() => {
      if (!this.exists() || !this.app.growLedgerSlots(Date.now())) {
        return refuse("ERR_CONFLICT", "There are as many ledgers a day as there may be now.");
      }
      this.mirrorApp();
      return succeed(null);
    });
  }

  noteUserCount(shard: number, numbers: UserNumbers): Usage | null {
    if (!this.exists()) return null;
    return this.due.transaction(() => {
      const more = this.userCounts.note(shard, numbers);
      if (more !== 0) this.quotas.add("users", more);
      return this.quotas.read("users");
    });
  }

  listUserCounts(): (number | null)[] {
    return this.exists() ? this.userCounts.list(this.requireRecord().shardCount) : [];
  }

  recordRetry({ auditId, actor, notificationId, details }: RetryRecord): void {
    const change: Change = {
      action: "notification.retried",
      target: { type: "notification", id: notificationId },
      details,
    };
    if (!this.exists()) return;
    this.due.transaction(() => this.audit.put(auditId, actor, change));
  }

  recordUserChange(auditId: string, actor: Actor, action: UserAction, uidHash: string): void {
    const change: Change = { action, target: { type: "user", id: uidHash }, details: {} };
    if (!this.exists()) return;
    this.due.transaction(() => this.audit.put(auditId, actor, change));
  }

  listAuditLog(filter: AuditFilter): AuditPage {
    return this.audit.list(filter);
  }
}
