import { afterEach, describe, expect, it, vi } from "vitest";
import {
  addDevices,
  createPushApp,
  type PushApp,
  registerDevice,
  sendToMany,
  sendToOne,
} from "../support/push.ts";
import { usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const SHARD = 11;
const SILENT_USERS = 5;
/** Tests' push timeout is a second. */
const TIMEOUT_MS = 1000;
const P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const keys = { p256dh: P256DH, auth: "BTBZMqHH6r4Tts7J_aSIgg" };

/** Services that take a call and don't answer before `speak`: those of 127.9.0.0/16. And which of them were asked. */
function keepSilent(): { asked: string[]; speak: () => void } {
  const asked: string[] = [];
  let isSilent = true;
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    if (!hostname.startsWith("127.9.")) return fetch(input, init);
    asked.push(hostname);
    if (!isSilent) return Promise.resolve(new Response(null, { status: 201 }));
    return new Promise((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(new Error("given up")));
    });
  });
  return {
    asked,
    speak: () => {
      isSilent = false;
    },
  };
}

/** Twenty devices each, with services of their own or, with `isShared`, on one. */
async function addSilentDevices({ app }: PushApp, uids: readonly string[], isShared: boolean): Promise<void> {
  for (const [user, uid] of uids.entries()) {
    for (let index = 0; index < 20; index++) {
      const host = isShared ? "127.9.9.9" : `127.9.${user}.${index}`;
      const endpoint = `http://${host}/${uid}/${index}`;
      const { status } = await registerDevice(app, uid, { provider: "webpush", endpoint, keys });
      expect(status).toBe(201);
    }
  }
}

/** How long it takes until the others' pushes have arrived, ms. */
async function timeArrivals(
  { project }: PushApp,
  count: number,
  send: () => Promise<unknown>,
): Promise<number> {
  await project.clear();
  const startedAt = Date.now();
  await send();
  await vi.waitFor(async () => expect((await project.summary()).webpush.accepted).toBe(count), {
    timeout: 60_000,
    interval: 20,
  });
  return Date.now() - startedAt;
}

describe.each([
  ["a service each", false],
  ["one service", true],
])("users whose endpoints never answer, twenty each, of %s", (_, isShared) => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("delay nobody: not in their batch, nor another's, nor another app's", { timeout: 120_000 }, async () => {
    const account = await createPushApp();
    const other = await createPushApp();
    const uids = await usersOfShard(account.app, SHARD, SILENT_USERS + 40);
    const [silent, good] = [uids.slice(0, SILENT_USERS), uids.slice(SILENT_USERS)];
    for (const uid of good) {
      await addDevices(account, uid, "webpush");
      await addDevices(other, uid, "webpush");
    }
    await addSilentDevices(account, silent, isShared);
    // As fast as this machine is now, with all objects awake.
    await timeArrivals(other, 40, () => sendToMany(other.app, good));
    const alone = [
      await timeArrivals(account, 40, () => sendToMany(account.app, good)),
      await timeArrivals(other, 40, () => sendToMany(other.app, good)),
    ];
    const { asked, speak } = keepSilent();
    const ids: string[] = [];
    const sendToAll = async () => ids.push(await sendToMany(account.app, uids));
    const times = [
      await timeArrivals(account, 40, sendToAll),
      await timeArrivals(account, 40, sendToAll),
      await timeArrivals(account, 40, () => sendToMany(account.app, good)),
      await timeArrivals(other, 40, () => sendToMany(other.app, good)),
      await timeArrivals(account, 1, () => sendToOne(account.app, good[0] ?? "")),
    ];
    // They get theirs as soon as they answer.
    speak();
    for (const id of ids) {
      const { counts } = await waitUntilCompleted(account.app, id, 60_000);
      expect(counts["mobile-push"]).toMatchObject({ delivered: uids.length });
    }
    expect(asked.length).toBeGreaterThan(0);
    expect(Math.max(...times)).toBeLessThan(Math.max(...alone) + 5 * TIMEOUT_MS);
  });
});
