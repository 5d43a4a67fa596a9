import { describe, expect, it, vi } from "vitest";
import { type MemoryShare, UploadMemory } from "../../src/audiences/upload-memory.ts";
import { PATIENTLY } from "../support/patiently.ts";

const MB = 1024 * 1024;

/** What becomes of a call for memory. */
function watch(taking: Promise<MemoryShare>) {
  const call = { share: null as MemoryShare | null };
  const wait = taking.then((share) => {
    call.share = share;
  });
  // Who still waits when its test has ended gives up later.
  wait.catch(() => {});
  return call;
}

const until = (isTrue: () => boolean) => vi.waitFor(() => expect(isTrue()).toBe(true), PATIENTLY);

describe("the memory that uploads share", () => {
  it("is given to several at once while it lasts, then to who waits", async () => {
    const memory = new UploadMemory({ bytes: 10 * MB, appBytes: 10 * MB, canRevoke: false });
    const first = await memory.take("a", 6 * MB);
    const second = await memory.take("b", 4 * MB);
    const third = watch(memory.take("c", 1 * MB));
    const fourth = watch(memory.take("d", 6 * MB));
    await until(() => third.share === null);
    second.release();
    await until(() => third.share !== null);
    expect(fourth.share).toBeNull();
    first.release();
    await until(() => fourth.share !== null);
  });

  it("is never given to one app whole where it may not have it", async () => {
    const memory = new UploadMemory({ bytes: 10 * MB, appBytes: 7 * MB, canRevoke: false });
    const shares = [await memory.take("a", 3 * MB), await memory.take("a", 3 * MB)];
    const third = watch(memory.take("a", 3 * MB));
    await memory.take("b", 3 * MB);
    expect(third.share).toBeNull();
    shares[0]?.release();
    await until(() => third.share !== null);
  });

  it("goes first to the app that holds least", async () => {
    const memory = new UploadMemory({ bytes: 10 * MB, appBytes: 10 * MB, canRevoke: false });
    const [one] = [await memory.take("a", 5 * MB), await memory.take("a", 5 * MB)];
    const again = watch(memory.take("a", 5 * MB));
    const other = watch(memory.take("b", 5 * MB));
    one.release();
    await until(() => other.share !== null);
    expect(again.share).toBeNull();
    other.share?.release();
    await until(() => again.share !== null);
  });

  it("isn't held up by one that finds no room: a smaller one passes", async () => {
    const memory = new UploadMemory({ bytes: 10 * MB, appBytes: 10 * MB, canRevoke: false });
    const first = await memory.take("a", 6 * MB);
    const large = watch(memory.take("b", 8 * MB));
    await memory.take("c", 2 * MB);
    expect(large.share).toBeNull();
    first.release();
    await until(() => large.share !== null);
  });

  it("grows by what is asked for when there is room", async () => {
    const memory = new UploadMemory({ bytes: 10 * MB, appBytes: 10 * MB, canRevoke: false });
    const [first, second] = [await memory.take("a", 5 * MB), await memory.take("b", 5 * MB)];
    const growing = { isDone: false };
    first.grow(6 * MB).then(() => {
      growing.isDone = true;
    });
    await first.grow(5 * MB);
    expect(growing.isDone).toBe(false);
    second.release();
    await until(() => growing.isDone);
  });

  it("is taken from the app that holds most for another that holds less", async () => {
    const memory = new UploadMemory({ bytes: 10 * MB, appBytes: 10 * MB, canRevoke: true });
    const shares = [await memory.take("a", 5 * MB), await memory.take("a", 5 * MB)];
    const other = await memory.take("b", 5 * MB);
    expect(shares.map(({ isRevoked }) => isRevoked)).toEqual([true, false]);
    const own = watch(memory.take("a", 5 * MB));
    const third = watch(memory.take("c", 5 * MB));
    // Both hold one each now, and neither is slow yet.
    await until(() => own.share === null && third.share === null);
    other.release();
    await until(() => third.share !== null);
    expect(own.share).toBeNull();
  });

  it("of more than there is at all is all that there is", async () => {
    const memory = new UploadMemory({ bytes: 10 * MB, appBytes: 8 * MB, canRevoke: false });
    (await memory.take("a", 100 * MB)).release();
    await memory.take("b", 100 * MB);
  });
});
