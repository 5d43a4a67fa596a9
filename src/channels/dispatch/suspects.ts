import type { StoredAddress } from "../../model/address.ts";
import { FairMap } from "../../outbound/fair-map.ts";
import type { Doubt } from "../../outbound/slots.ts";
import type { AddressForm } from "../channel.ts";

/** Who answers within so many ms is prompt. */
const PROMPT_MS = 1000;
/** Users one of whose services didn't answer stay behind the others for so long, ms. */
const SLOW_USER_MS = 5 * 60 * 1000;

/** Whose address a message goes to, and what it fails with. */
export interface Recipient {
  appId: string;
  userId: string;
  scope: string;
  /** Its service is one that its user named. */
  isOfUsersChoice: boolean;
}

export function recipientOf(
  { isOfUsersChoice }: Pick<AddressForm, "isOfUsersChoice">,
  { appId, userId }: { appId: string; userId: string },
  { address, scope }: Pick<StoredAddress, "address" | "scope">,
): Recipient {
  return { appId, userId, scope, isOfUsersChoice: isOfUsersChoice(address) };
}

/** How a service took a call: `status` null where it didn't answer in time. */
export interface Response {
  status: number | null;
  ms: number;
  timeoutMs: number;
}

/**
 * Whom senders may have to wait for: services of users' choice, as far as they didn't just answer soon. In memory
 * only, bounded per app; who forgets it finds out again with a message.
 */
export class Suspects {
  /** By app and scope: answered promptly the last time. */
  readonly #prompt = new FairMap<true>();
  /** By app and user: until when, Unix ms. One user may name a new service with each of his addresses. */
  readonly #slowUsers = new FairMap<number>();

  /** 1 for a service of its user's choice that hasn't just answered promptly, 2 for one of a slow user's. */
  getDoubt({ appId, userId, scope, isOfUsersChoice }: Recipient, now: number): Doubt {
    if (!isOfUsersChoice) return 0;
    if ((this.#slowUsers.get(appId, userId) ?? 0) > now) return 2;
    return this.#prompt.get(appId, scope) === true ? 0 : 1;
  }

  /**
   * Takes how a service of users' choice answered. False where that says nothing of the service: another of a slow
   * user's addresses kept silent, as those of its others may not.
   */
  note(recipient: Recipient, { status, ms, timeoutMs }: Response, now: number): boolean {
    const { appId, userId, scope, isOfUsersChoice } = recipient;
    if (!isOfUsersChoice) return true;
    const wasSlow = this.getDoubt(recipient, now) === 2;
    if (status === null) this.#slowUsers.set(appId, userId, now + SLOW_USER_MS);
    if (wasSlow && status === null) return false;
    if (status !== null && ms <= PROMPT_MS) this.#prompt.set(appId, scope, true);
    else if (status === null || ms > timeoutMs / 2) this.#prompt.delete(appId, scope);
    return true;
  }
}
