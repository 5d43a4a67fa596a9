import { afterEach, describe, expect, it, vi } from "vitest";
import {
  addDeviceToEach,
  createPushApp,
  type PushApp,
  registerDevice,
  sendToMany,
  sendToOne,
} from "../support/push.ts";
import { resetPushTimeout, setPushTimeout } from "../support/push-timeout.ts";
import { usersOfShard } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

const SHARD = 11;
const SILENT_USERS = 5;
/** So long that who waited for a silent service would show. */
const TIMEOUT_SECONDS = 60;
const P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const keys = { p256dh: P256DH, auth: "BTBZMqHH6r4Tts7J_aSIgg" };

/** Services that take a call and don't answer before `speak`: those of 127.9.0.0/16. And which of them were asked. */
function keepSilent(): { asked: string[]; speak: () => void } {
  const asked: string[] = [];
  let isSilent = true;
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const { hostname } = new URL(input instanceof Request ? input.url : input);
    if (!hostname.startsWith("127.9.")) return fetch(input, init);
    asked.push(hostname);
    while (isSilent) {
      init?.signal?.throwIfAborted();
      // Each call looks by itself: what one invocation waits for, another can't end.
      await scheduler.wait(20);
    }
    return new Response(null, { status: 201 });
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
    const devices = Array.from({ length: 20 }, (_, index) => {
      const host = isShared ? "127.9.9.9" : `127.9.${user}.${index}`;
      return { provider: "webpush", endpoint: `http://${host}/${uid}/${index}`, keys };
    });
    const answers = await Promise.all(devices.map((device) => registerDevice(app, uid, device)));
    expect(answers.map(({ status }) => status)).toEqual(devices.map(() => 201));
  }
}

/** How long it takes until each of the others has got a push, ms. */
async function timeArrivals(
  { project }: PushApp,
  count: number,
  send: () => Promise<unknown>,
): Promise<number> {
  await project.clear();
  const startedAt = Date.now();
  await send();
  await vi.waitFor(async () => expect((await project.summary()).webpush.devices).toBe(count), {
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
  resetPushTimeout();

  it("delay nobody: not in their batch, nor another's, nor another app's", { timeout: 120_000 }, async () => {
    const account = await createPushApp();
    const other = await createPushApp();
    const uids = await usersOfShard(account.app, SHARD, SILENT_USERS + 40);
    const [silent, good] = [uids.slice(0, SILENT_USERS), uids.slice(SILENT_USERS)];
    setPushTimeout(TIMEOUT_SECONDS);
    await addDeviceToEach(account, good, "webpush");
    await addDeviceToEach(other, good, "webpush");
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
    expect(Math.max(...times)).toBeLessThan(Math.max(...alone) + (TIMEOUT_SECONDS * 1000) / 4);
  });
});
