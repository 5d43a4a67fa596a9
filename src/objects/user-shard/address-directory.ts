import { getApp } from "../../copies/app.ts";
import type { Bindings } from "../../env.ts";
import type { AddressRef, Registration, UserAddress } from "../../model/address.ts";
import type { DueTable } from "../kit/due.ts";
import type { ShardIdentity } from "../kit/identity.ts";
import { eachRow, Outbox } from "../kit/outbox.ts";
import type { AddressCall, AddressStore } from "./address-store.ts";
import { getShardStubOf } from "./contract.ts";

/** Between two attempts to tell other shards of addresses, ms. */
const RETRY_MS = 5000;
const LIMITS = {
  safetyMs: RETRY_MS,
  pauseMs: RETRY_MS,
  pauses: { firstMs: RETRY_MS, longestMs: RETRY_MS },
};
/** Calls to other shards in one turn. */
const CALLS_PER_TURN = 100;
/** So long after the first of them it is written down, ms, which registrations were told: a commit for all of them. */
const NOTE_TOLD_MS = 500;

/**
 * The addresses of one shard's users. One that a single user has, and that comes, moves or goes, concerns the shard
 * that it hashes to as well: what that one is to be told is written with the change, and repeated until it was heard.
 */
export class AddressDirectory {
  readonly outbox: Outbox;
  readonly #env: Bindings;
  readonly #identity: ShardIdentity;
  readonly #store: AddressStore;
  readonly #due: DueTable;
  /** Registrations that are on their way: they tell their call themselves. */
  readonly #inHand = new Set<number>();
  /** Those that were told, of which that isn't written down yet. */
  #told: AddressCall[] = [];

  constructor(env: Bindings, identity: ShardIdentity, store: AddressStore, due: DueTable) {
    this.#env = env;
    this.#identity = identity;
    this.#store = store;
    this.#due = due;
    const rows = {
      list: (_: number, limit: number) => store.listCalls(limit).filter(({ id }) => !this.#inHand.has(id)),
      nextAt: (now: number) => (store.listCalls(1).length > 0 ? now : null),
      tell: (call: AddressCall) => this.#callOut(call),
      remove: (call: AddressCall) => this.#noteTold(call),
    };
    this.outbox = new Outbox("devices", due, LIMITS, eachRow(rows, CALLS_PER_TURN));
  }

  list(userId: string, channelType: string): UserAddress[] {
    return this.#store.list(userId, channelType);
  }

  /**
   * Adds an address or renews it. Resolves when it has left the user that had it before; should that fail on the
   * way, it throws, and the alarm goes on with it.
   */
  async put(userId: string, registration: Registration): Promise<[UserAddress, isNew: boolean]> {
    const { entry, isNew, call } = this.#change(() => this.#store.put(userId, registration, Date.now()));
    if (call === null) {
      this.#tellLater();
      return [entry, isNew];
    }
    this.#inHand.add(call.id);
    try {
      await this.#callOut(call);
    } catch (error) {
      this.#inHand.delete(call.id);
      throw error;
    }
    this.#noteToldSoon(call);
    return [entry, isNew];
  }

  /** False where the user has no such address. */
  remove(userId: string, channelType: string, id: string): boolean {
    const removed = this.#change(() => this.#store.remove(userId, channelType, id));
    this.#tellLater();
    return removed;
  }

  /** Of an address that hashes to this shard: it is this user's now. Resolves when it has left the one before. */
  async own(ref: AddressRef): Promise<void> {
    const call = this.#change(() => this.#store.own(ref));
    if (call === null) return;
    await this.#callOut(call);
    this.#noteTold(call);
  }

  /** Inside a transaction that may have left something to tell: whatever happens, the alarm tells it. */
  noteCalls(): void {
    if (this.#store.listCalls(1).length > 0) {
      this.outbox.noteWritten(Date.now());
    }
  }

  /** The answer needn't wait until that is written: told twice, it changes nothing. */
  #noteToldSoon(call: AddressCall): void {
    this.#told.push(call);
    if (this.#told.length > 1) return;
    setTimeout(() => {
      const told = this.#told;
      this.#told = [];
      for (const { id } of told) this.#inHand.delete(id);
      this.#noteTold(...told);
      this.#tellLater();
    }, NOTE_TOLD_MS);
  }

  #noteTold(...calls: readonly AddressCall[]): void {
    this.#change(() => {
      for (const call of calls) {
        if (call.kind === "own") this.#store.noteOwned(call);
        else this.#store.deleteCall(call.id);
      }
    });
  }

  async #callOut({ id: _, kind, ...ref }: AddressCall): Promise<void> {
    const app = await getApp(this.#env, this.#identity.appId);
    if (kind === "remove") await getShardStubOf(this.#env, app, ref.userId).removeMovedAddress(ref);
    else if (kind === "own") await getShardStubOf(this.#env, app, ref.addressKey).ownAddress(ref);
    else await getShardStubOf(this.#env, app, ref.addressKey).releaseAddress(ref);
  }

  // Nobody waits for it: should it fail, the alarm repeats it.
  #tellLater(): void {
    this.outbox.tell().catch((error: unknown) => {
      console.error({ message: "telling other shards failed", app: this.#identity.appId, error });
    });
  }

  #change<T>(work: () => T): T {
    return this.#due.transaction(() => {
      const result = work();
      this.noteCalls();
      return result;
    });
  }
}
