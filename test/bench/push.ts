import { providerVariables } from "../../scripts/provider-variables.ts";
import { FakeProviders } from "../support/providers/client.ts";
import { formatNumber, median, report, showPerSecond } from "./figures.ts";
import { HelperProcess } from "./helper-process.ts";
import { PushApp } from "./push-app.ts";
import { WebPushRounds } from "./web-push-rounds.ts";
import { startOnecall } from "./workers.ts";

const TARGETS = 10_000;
const ROUNDS = 3;

/** Batches of pushes to fake providers, and beside Web Push what the npm package web-push does in plain Node. */
export async function benchPush(script: string): Promise<void> {
  const process = new HelperProcess("fake-providers-process.ts");
  try {
    const url = await process.ask<string>("url");
    const onecall = await startOnecall(script, { variables: providerVariables(url) });
    try {
      const fakes = new FakeProviders(url);
      await benchFcm(await PushApp.create(onecall.url, fakes, "fcm", TARGETS));
      await benchWebPush(await PushApp.create(onecall.url, fakes, "webpush", TARGETS));
    } finally {
      await onecall.stop();
    }
  } finally {
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

async function benchWebPush(app: PushApp<"webpush">): Promise<void> {
  report("10,000 Web Push devices registered", `${formatNumber(await app.registerDevices())}/s`);
  const process = new HelperProcess("web-push-baseline.ts");
  try {
    await app.sendBatch();
    const library = await WebPushRounds.prepare(app, process);
    await library.send();
    const rates: number[] = [];
    const libraryRates: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      rates.push(await app.sendBatch());
      libraryRates.push(await library.send());
    }
    report("10,000 Web Pushes, request to all counted", showPerSecond(rates));
    report("  web-push in Node, 50 at once", showPerSecond(libraryRates));
    // Round by round: both met the same noise.
    const ratios = rates.map((rate, round) => (100 * rate) / (libraryRates[round] ?? Number.NaN));
    report(
      "  Onecall, of web-push",
      `${formatNumber(median(ratios))} %`,
      "to reach: at least 100 % (median of the rounds)",
    );
  } finally {
    await process.stop();
  }
}
