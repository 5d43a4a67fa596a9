import { getApp } from "../../copies/app.ts";
import type { Bindings } from "../../env.ts";
import type { Device, DeviceRef, Registration } from "../../model/device.ts";
import type { DueTable } from "../kit/due.ts";
import type { ShardIdentity } from "../kit/identity.ts";
import { getShardStubOf } from "./contract.ts";
import type { DeviceCall, DeviceStore } from "./device-store.ts";

/** The duty's kind in the shard's due table. */
export const DEVICES_DUTY = "devices";

/** Between two attempts to tell other shards of devices, ms. */
const RETRY_MS = 5000;
/** Calls to other shards in one turn. */
const CALLS_PER_TURN = 100;

/**
 * The devices of one shard's users. A device that comes, moves or goes concerns the shard that its address
 * hashes to as well: what that one is to be told is written with the change, and repeated until it was heard.
 */
export class DeviceDirectory {
  readonly #env: Bindings;
  readonly #identity: ShardIdentity;
  readonly #store: DeviceStore;
  readonly #due: DueTable;

  constructor(env: Bindings, identity: ShardIdentity, store: DeviceStore, due: DueTable) {
    this.#env = env;
    this.#identity = identity;
    this.#store = store;
    this.#due = due;
  }

  list(userId: string): Device[] {
    return this.#store.list(userId);
  }

  /**
   * Adds a device or renews it. Resolves when it has left the user that had it before; should that fail on the
   * way, it throws, and the alarm goes on with it.
   */
  async put(userId: string, registration: Registration): Promise<[Device, isNew: boolean]> {
    const { device, isNew, call } = this.#change(() => this.#store.put(userId, registration, Date.now()));
    await this.#callOut(call);
    // The answer needn't wait until that is written: told twice, it changes nothing.
    setTimeout(() => {
      this.#change(() => this.#store.noteOwned(call));
      this.#tellLater();
    }, 0);
    return [device, isNew];
  }

  /** False where the user has no such device. */
  remove(userId: string, id: string): boolean {
    const removed = this.#change(() => this.#store.remove(userId, id));
    this.#tellLater();
    return removed;
  }

  /** Of an address that hashes to this shard: it is this user's now. Resolves when it has left the one before. */
  async own(ref: DeviceRef): Promise<void> {
    const call = this.#change(() => this.#store.own(ref));
    if (call !== null) await this.#tellOne(call);
  }

  /** Inside a transaction that may have left something to tell: whatever happens, the alarm tells it. */
  noteCalls(): void {
    if (this.#store.listCalls(1).length > 0) {
      this.#due.bringForward(DEVICES_DUTY, "", Date.now() + RETRY_MS);
    }
  }

  /** All of them, whatever becomes of one. */
  async #tellAll(isMeant: (call: DeviceCall) => boolean = () => true): Promise<void> {
    const calls = this.#store.listCalls(CALLS_PER_TURN).filter(isMeant);
    if (calls.length === 0) return;
    // Before the attempt: should it die, the next one is already due.
    this.#due.set(DEVICES_DUTY, "", Date.now() + RETRY_MS);
    const told = await Promise.allSettled(calls.map((call) => this.#tellOne(call)));
    const failed = told.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** The alarm's turn. */
  async serve(): Promise<void> {
    await this.#tellAll();
    if (this.#store.listCalls(1).length === 0) this.#due.remove(DEVICES_DUTY, "");
  }

  async #tellOne(call: DeviceCall): Promise<void> {
    await this.#callOut(call);
    if (call.kind === "own") this.#change(() => this.#store.noteOwned(call));
    else this.#store.deleteCall(call.id);
  }

  async #callOut({ id: _, kind, ...ref }: DeviceCall): Promise<void> {
    const app = await getApp(this.#env, this.#identity.appId);
    if (kind === "remove") await getShardStubOf(this.#env, app, ref.userId).removeMovedDevice(ref);
    else if (kind === "own") await getShardStubOf(this.#env, app, ref.addressKey).ownAddress(ref);
    else await getShardStubOf(this.#env, app, ref.addressKey).releaseAddress(ref);
  }

  // Nobody waits for it: should it fail, the alarm repeats it. Registrations that are on their way tell themselves.
  #tellLater(): void {
    this.#tellAll(({ kind }) => kind !== "own").catch((error: unknown) => {
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
