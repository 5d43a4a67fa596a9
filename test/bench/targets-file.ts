import { performance } from "node:perf_hooks";
import type { OnecallClient } from "./onecall-client.ts";

/** A targets file of any length with four variables, the template that uses all four, and what it renders to. */

const CITIES = ["Amsterdam", "Buenos Aires", "Cape Town", "Düsseldorf", "Edinburgh", "Fortaleza"];
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];

interface Target {
  userId: string;
  name: string;
  order: string;
  city: string;
  day: string;
}

function targetAt(index: number): Target {
  const number = String(index).padStart(6, "0");
  return {
    userId: `customer-${number}@example.com`,
    name: `Customer ${number}`,
    order: `ORDER-2026-${number}`,
    city: CITIES[index % CITIES.length] ?? "",
    day: DAYS[index % DAYS.length] ?? "",
  };
}

/** @param nameLength pads each name to so many characters: how a file gets large without more rows. */
export function createCsv(rows: number, nameLength = 0): Buffer {
  const lines = ["user_id,name,order,city,day"];
  for (let index = 0; index < rows; index++) {
    const { userId, name, order, city, day } = targetAt(index);
    lines.push(`${userId},${name.padEnd(nameLength, "x")},${order},${city},${day}`);
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

/** Files at a limit of their own, as far as an upload takes them. */
export const EXTREME_FILES: readonly [name: string, create: () => Buffer][] = [
  ["198 columns of empty cells", () => createWideCsv(100_000, 198, "")],
  ["cells of one letter, 40 MB as stored", () => createWideCsv(52_000, 198, "x")],
  ["user ids of 255 bytes", () => createLongIdsCsv(100_000)],
];

function createWideCsv(rows: number, columns: number, cell: string): Buffer {
  const names = Array.from({ length: columns }, (_, index) => `c${index}`);
  const cells = `,${cell}`.repeat(columns);
  const lines = Array.from({ length: rows }, (_, index) => `u${index}${cells}`);
  return Buffer.from([`user_id,${names.join(",")}`, ...lines].join("\n"));
}

function createLongIdsCsv(rows: number): Buffer {
  const lines = Array.from({ length: rows }, (_, index) => String(index).padStart(255, "user-"));
  return Buffer.from(["user_id", ...lines].join("\n"));
}

/** The user and the content of a row's delivery, as Onecall stores them. */
export function renderRow(index: number): { userId: string; content: string } {
  const { userId, name, order, city, day } = targetAt(index);
  const title = `${name}, your parcel is on its way`;
  return { userId, content: JSON.stringify({ title, body: `Order ${order} reaches ${city} on ${day}.` }) };
}

interface Presigned {
  url: string;
  fields: Record<string, string>;
}

/** Presigns and uploads as seed 004's clients do. Returns how long both calls took, ms. */
export async function uploadFile(client: OnecallClient, fileKey: string, csv: Buffer): Promise<number> {
  const file = new Blob([new Uint8Array(csv)]);
  const start = performance.now();
  const path = `/v1/storage/targets_files/${fileKey}/presigned_urls`;
  const { url, fields } = await client.callPlatform<Presigned>(path, { overwrite_duplicate_key: true });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file, `${fileKey}.csv`);
  const response = await fetch(url, { method: "POST", body: form });
  if (response.status !== 204) {
    throw new Error(`The upload answered ${response.status}: ${await response.text()}`);
  }
  return performance.now() - start;
}

/** Sends to an uploaded file. Returns the notification's id. */
export async function sendFile(
  client: OnecallClient,
  fileKey: string,
  priority: "high" | "normal" = "normal",
): Promise<string> {
  const sent = await client.callPlatform<{ notification_id: string }>("/v1/notifications/messages", {
    template: { key: "parcel" },
    targets_filename: fileKey,
    mode: "batch",
    priority,
  });
  return sent.notification_id;
}
