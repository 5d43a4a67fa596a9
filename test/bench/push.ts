import { providerVariables } from "../../scripts/provider-variables.ts";
import { FakeProviders } from "../support/providers/client.ts";
import { formatNumber, median, report, showPerSecond } from "./figures.ts";
import { HelperProcess } from "./helper-process.ts";
import { PushApp } from "./push-app.ts";
import { WebPushRounds } from "./web-push-rounds.ts";
import { type BenchWorker, startOnecall, startOnecallOnNetwork } from "./workers.ts";

const TARGETS = 10_000;
const ROUNDS = 3;

/** Batches of pushes to fake providers, and beside Web Push what the npm package web-push does in plain Node. */
export async function benchPush(script: string): Promise<void> {
  const process = new HelperProcess("fake-providers-process.ts");
  const workers: BenchWorker[] = [];
  try {
    const url = await process.ask<string>("url");
    const fakes = new FakeProviders(url);
    const options = { variables: providerVariables(url) };
    const fcm = await startOnecall(script, options);
    await PushApp.create(fcm.url, fakes, "fcm", TARGETS)
      .then(benchFcm)
      .finally(() => fcm.stop());
    const local = await startOnecall(script, options);
    workers.push(local);
    const deployed = await startOnecallOnNetwork(script, options);
    workers.push(deployed);
    await benchWebPush(
      await PushApp.create(local.url, fakes, "webpush", TARGETS),
      await PushApp.create(deployed.url, fakes, "webpush", TARGETS),
    );
  } finally {
    for (const worker of workers) await worker.stop();
    await process.stop();
  }
}

async function benchFcm(app: PushApp<"fcm">): Promise<void> {
  report("10,000 FCM devices registered", `${formatNumber(await app.registerDevices())}/s`);
  // A first batch that isn't counted: objects exist, code is compiled.
  await app.sendBatch();
  const rates: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) rates.push(await app.sendBatch());
  report("10,000 FCM pushes, request to all counted", showPerSecond(rates));
}

/** `deployed` calls out as a deployed Worker does: not through Miniflare's own. */
async function benchWebPush(local: PushApp<"webpush">, deployed: PushApp<"webpush">): Promise<void> {
  const apps = [
    { name: "through Miniflare's Worker", app: local, rates: [] as number[] },
    { name: "as a deployed Worker calls out", app: deployed, rates: [] as number[] },
  ];
  for (const { app } of apps) {
    report("10,000 Web Push devices registered", `${formatNumber(await app.registerDevices())}/s`);
  }
  const process = new HelperProcess("web-push-baseline.ts");
  try {
    for (const { app } of apps) await app.sendBatch();
    const library = await WebPushRounds.prepare(local, process);
    await library.send();
    const libraryRates: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      for (const { app, rates } of round % 2 === 0 ? apps.toReversed() : apps) {
        rates.push(await app.sendBatch());
      }
      libraryRates.push(await library.send());
    }
    report("10,000 Web Pushes by web-push in Node, 50 at once", showPerSecond(libraryRates));
    for (const { name, rates } of apps) {
      report(`  by Onecall, ${name}`, showPerSecond(rates));
      // Round by round: all met the same noise.
      const ratios = rates.map((rate, round) => (100 * rate) / (libraryRates[round] ?? Number.NaN));
      report("  of web-push", `${formatNumber(median(ratios))} %`, "to reach: at least 100 % (median)");
    }
  } finally {
    await process.stop();
  }
}
