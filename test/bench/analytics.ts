import { report, showMs } from "./figures.ts";
import { OnecallClient } from "./onecall-client.ts";
import { startOnecallWithPast } from "./workers.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = 90;
const NOTIFICATIONS = 10_000;
const ROUNDS = 5;

/** Analytics over 90 days of 10,000 notifications: the first question after a start, then warm. */
export async function benchAnalytics(script: string): Promise<void> {
  const onecall = await startOnecallWithPast(script);
  try {
    const client = await OnecallClient.create(onecall.url);
    const past = { appId: client.headers.appid, days: DAYS, perDay: Math.ceil(NOTIFICATIONS / DAYS) };
    const written = await fetch(`${onecall.url}/__past`, { method: "POST", body: JSON.stringify(past) });
    if (!written.ok) throw new Error(`The past wasn't written: ${await written.text()}`);
    await onecall.restart();
    const to = new Date().toISOString().slice(0, 10);
    const from = new Date(Date.now() - (DAYS + 1) * DAY_MS).toISOString().slice(0, 10);
    const ask = async (path: string): Promise<number> => {
      const startedAt = performance.now();
      const [inApp] = await client.call<{ delivered: number }[]>(
        "GET",
        `/analytics/${path}?from=${from}&to=${to}`,
      );
      if (inApp === undefined || inApp.delivered === 0) throw new Error(`Nothing was counted for ${path}`);
      return performance.now() - startedAt;
    };
    report("analytics, 90 days, after a restart", showMs([await ask("channels")]), "to reach: 1,000 ms");
    for (const path of ["channels", "tags/tag-1"]) {
      const times: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) times.push(await ask(path));
      report(`  again, ${path}`, showMs(times), "to reach: 1,000 ms");
    }
  } finally {
    await onecall.stop();
  }
}
