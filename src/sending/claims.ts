import type { Bindings } from "../env.ts";
import type { Idempotency } from "../http/idempotency.ts";
import type { AppRecord } from "../model/app.ts";
import { isToOne, type NotificationHeader, withoutLabels } from "../model/notification.ts";
import { requireValue } from "../model/outcome.ts";
import { getShardStubOf } from "../objects/user-shard/contract.ts";

/** The call's hold on its Idempotency-Key, or on nothing where it has none. */
export interface Claim {
  /**
   * The answer of an earlier call: nothing is left to do. Of a send to one user it lacks title and tag: these may say
   * something of the user, and this call, being the same, has them itself.
   */
  answer: NotificationHeader | null;
  /**
   * What an earlier call that stopped was about to send: this one sends the same, under the same id. Of a send to one
   * user it lacks title and tag too.
   */
  resumed: NotificationHeader | null;
  /** After validation, before the first write. Returns an answer where another call was faster. */
  take(header: NotificationHeader): Promise<NotificationHeader | null>;
  /** The call is done. */
  finish(header: NotificationHeader): Promise<void>;
  /** The call failed; a repeat needn't wait. */
  release(header: NotificationHeader): Promise<void>;
}

const NO_CLAIM: Claim = {
  answer: null,
  resumed: null,
  take: async () => null,
  finish: async () => {},
  release: async () => {},
};

/** Looks the key up; throws where it stands for another request or its call is still running. */
export async function lookUpClaim(
  env: Bindings,
  app: AppRecord,
  idempotency: Idempotency | null,
): Promise<Claim> {
  if (idempotency === null) return NO_CLAIM;
  const { key, requestHash } = idempotency;
  const shard = () => getShardStubOf(env, app, key);
  const found = requireValue(await shard().lookUpClaim(key, requestHash));
  return {
    answer: readHeader(found.answer),
    resumed: readHeader(found.resumed),
    async take(header) {
      if (found.resumed !== null) return null;
      const request = { key, requestHash, notificationId: header.id, header: toStored(header) };
      return readHeader(requireValue(await shard().claim(request)));
    },
    async finish(header) {
      // The send is committed: without this note a repeat runs it again, under the same id and to no effect.
      await shard()
        .finishClaim(key, header.id, toStored(header))
        .catch((error: unknown) =>
          console.error({ message: "a claim was not finished", notificationId: header.id, error }),
        );
    },
    async release({ id: notificationId }) {
      await shard()
        .releaseClaim(key, notificationId)
        .catch((error: unknown) =>
          console.error({ message: "a claim was not released", notificationId, error }),
        );
    },
  };
}

/**
 * A claim isn't found by the user whom its call names, should they be deleted: so it keeps nothing that tells of
 * them.
 */
function toStored(header: NotificationHeader): string {
  return JSON.stringify(isToOne(header) ? withoutLabels(header) : header);
}

function readHeader(stored: string | null): NotificationHeader | null {
  return stored === null ? null : JSON.parse(stored);
}
