import { median, report } from "./figures.ts";
import { load } from "./load.ts";
import type { OnecallClient } from "./onecall-client.ts";
import type { BenchWorker } from "./workers.ts";

const CONCURRENCY = 32;
const REGISTRATIONS = 1000;
const ROUNDS = 5;

/**
 * Registrations of devices beside the least that one can do: two object calls, one after the other, each with one
 * INSERT. The user's shard has the device, and the shard that its address hashes to knows whose it is.
 */
export async function benchDevices(client: OnecallClient, floor: BenchWorker): Promise<void> {
  await client.call("POST", "/channels", { name: "Devices", type: "push" });
  let next = 0;
  const register = (count: number) =>
    load(client.url, count, CONCURRENCY, () => {
      const number = next++;
      const body = { provider: "fcm", token: `bench-${number}-${"x".repeat(140)}` };
      const path = `/v3/business-messaging/api/users/device-${number}/devices`;
      return { method: "POST", path, headers: client.headers, body: JSON.stringify(body) };
    });
  const insertTwice = (count: number) =>
    load(floor.url, count, CONCURRENCY, (index) => ({
      method: "POST",
      path: "/twice",
      headers: { "content-type": "application/json" },
      body: client.realtimeBody(`user-${index}`),
    }));
  await register(REGISTRATIONS);
  await insertTwice(REGISTRATIONS);
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const atFloor = await insertTwice(REGISTRATIONS);
    const { perSecond } = await register(REGISTRATIONS);
    rates.push(perSecond);
    ratios.push(perSecond / atFloor.perSecond);
  }
  report("device registrations, 32 at once", `${median(rates).toFixed(0)}/s`);
  report("  of two object calls, one INSERT each", `${(median(ratios) * 100).toFixed(0)} %`);
}
