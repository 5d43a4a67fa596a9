import type { ClaimRequest, EarlierCall } from "../../model/claim.ts";
import { CLAIM_TTL_MS } from "../../model/limits.ts";
import type { Outcome } from "../../model/outcome.ts";
import { requireRoom } from "../kit/room.ts";
import { DispatchCalls } from "./dispatch-calls.ts";
import { CLAIMS_DUTY } from "./duty-kinds.ts";

/** About idempotency keys. */
export class ClaimCalls extends DispatchCalls {
  lookUpClaim(key: string, requestHash: string): Outcome<EarlierCall> {
    return this.ctx.storage.transactionSync(() => this.stores.claims.look(key, requestHash, Date.now()));
  }

  claim(request: ClaimRequest): Outcome<string | null> {
    requireRoom(this.ctx.storage, this.env);
    const now = Date.now();
    return this.due.transaction(() => {
      this.due.ensure(CLAIMS_DUTY, "", now + CLAIM_TTL_MS);
      return this.stores.claims.claim(request, now);
    });
  }

  finishClaim(key: string, notificationId: string, answer: string): void {
    this.stores.claims.finish(key, notificationId, answer, Date.now());
  }

  releaseClaim(key: string, notificationId: string): void {
    this.stores.claims.release(key, notificationId, Date.now());
  }
}
