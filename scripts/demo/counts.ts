import { dim, green, red } from "../terminal.ts";
import type { ChannelCounts, Notification } from "./client.ts";

const COLUMNS = ["total", "delivered", "failed", "skipped", "cancelled", "pending"] as const;
const LABEL_WIDTH = 7;
const COLUMN_WIDTH = 10;

/** Deliveries over all channels, and how many of them have an outcome. */
export function sumProgress(notification: Notification): { done: number; total: number } {
  const channels = Object.values(notification.counts);
  const total = channels.reduce((sum, counts) => sum + counts.total, 0);
  return { total, done: total - channels.reduce((sum, counts) => sum + counts.pending, 0) };
}

/** Whether every target of the channel is in exactly one of the other columns. */
export function addsUp(counts: ChannelCounts): boolean {
  const { total, delivered, failed, skipped, cancelled, pending } = counts;
  return total === delivered + sumReasons(failed) + sumReasons(skipped) + cancelled + pending;
}

/** One line per channel, with a mark that tells whether it adds up, then the reasons. */
export function formatCounts(notification: Notification): string {
  const header = COLUMNS.map((column) => column.padStart(COLUMN_WIDTH)).join("");
  const rows = Object.entries(notification.counts).map(([channel, counts]) => {
    const cells = COLUMNS.map((column) => {
      const value = counts[column];
      return formatNumber(typeof value === "number" ? value : sumReasons(value)).padStart(COLUMN_WIDTH);
    });
    return `  ${channel.padEnd(LABEL_WIDTH)}${cells.join("")}  ${addsUp(counts) ? green("✓ adds up") : red("✗ doesn't add up")}`;
  });
  return [
    dim(`  ${"".padEnd(LABEL_WIDTH)}${header}`),
    ...rows,
    "",
    ...formatReasons(notification).map(dim),
  ].join("\n");
}

export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

function formatReasons({ counts, duplicates }: Notification): string[] {
  const lines = (["failed", "skipped"] as const).flatMap((outcome) => {
    const found = Object.entries(counts).flatMap(([channel, { [outcome]: reasons }]) =>
      Object.entries(reasons).map(([reason, count]) => `${channel} ${formatNumber(count)} ${reason}`),
    );
    return found.length > 0 ? [`  ${outcome.padEnd(LABEL_WIDTH)}  ${found.join(", ")}`] : [];
  });
  return duplicates ? [...lines, `  ${duplicates} targets were named twice and sent to once`] : lines;
}

function sumReasons(reasons: Record<string, number>): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}
