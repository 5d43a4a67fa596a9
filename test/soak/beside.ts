import { setTimeout as delay } from "node:timers/promises";
import { OnecallClient } from "../bench/onecall-client.ts";
import { createCsv, sendFile, uploadFile } from "../bench/targets-file.ts";
import type { BesideAnswer, SoakQuestion } from "./questions.ts";
import { beginSteadily, type OperationFigures, Timings } from "./timings.ts";

const FILE_KEY = "everybody.csv";
const POLL_MS = 200;
const WARM_UP_SENDS = 20;

/** One app's realtime sends: alone, then while another app sends to a file of all its users. */
export async function runBeside(question: SoakQuestion & { kind: "beside" }): Promise<BesideAnswer> {
  const { url, seconds, perSecond, rows } = question;
  const small = await OnecallClient.create(url);
  const large = await OnecallClient.create(url);
  await uploadFile(large, FILE_KEY, createCsv(rows));
  for (let index = 0; index < WARM_UP_SENDS; index++) await sendRealtime(small, index);

  const until = performance.now() + seconds * 1000;
  const alone = await timeSends("alone", small, perSecond, () => performance.now() >= until);
  const batch = { isOver: false };
  const start = performance.now();
  const sending = sendAndWait(large).finally(() => {
    batch.isOver = true;
  });
  const beside = await timeSends("beside", small, perSecond, () => batch.isOver);
  return { alone, beside, batchMs: (await sending) - start };
}

async function timeSends(
  name: string,
  client: OnecallClient,
  perSecond: number,
  isOver: () => boolean,
): Promise<OperationFigures> {
  const timings = new Timings();
  await beginSteadily(perSecond, isOver, (index, begin) =>
    timings.time(name, begin, () => sendRealtime(client, index)),
  );
  const [figures] = timings.list();
  if (figures === undefined) throw new Error("Nothing was sent");
  return figures;
}

async function sendRealtime(client: OnecallClient, index: number): Promise<void> {
  const response = await fetch(`${client.url}${client.sendPath}`, {
    method: "POST",
    headers: client.headers,
    body: client.realtimeBody(`user-${index}`),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`A send answered ${response.status} ${text}`);
}

/** Returns when it was completed, by `performance.now()`. */
async function sendAndWait(client: OnecallClient): Promise<number> {
  const id = await sendFile(client, FILE_KEY);
  for (;;) {
    const { state } = await client.call<{ state: string }>("GET", `/notifications/${id}`);
    if (state === "completed") return performance.now();
    await delay(POLL_MS);
  }
}
