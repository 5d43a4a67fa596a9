import { type ChannelTotals, emptyTotals, HOUR_MS, type HourCounts, type Totals } from "./counts.ts";
import { FAILURE_REASONS, isToOne, type NotificationHeader, SKIP_REASONS } from "./notification.ts";

/**
 * Totals of a notification to one user as a few letters: of each channel what became of it (`d`elivered, `x` cancelled,
 * `p`ending, `f` or `s` with the reason's place in its list), whether it was `v`iewed and `c`licked, and when these
 * happened, as `.` with the hours since its creation and the letters of what happened then. Delivered in the hour of
 * its creation goes without saying. Channels are separated by `|`. Whatever can't be said so stays JSON.
 */
export function encodeTotals(header: NotificationHeader, totals: Totals): string {
  const code = totals.map((channel) => encodeChannel(channel, hourOf(header))).join("|");
  const json = JSON.stringify(totals);
  return JSON.stringify(decodeTotals(header, code)) === json ? code : json;
}

/** As a row of any notification has them: JSON where they aren't of one user. {@link decodeTotals} reads both. */
export function writeTotals(header: NotificationHeader, totals: Totals): string {
  return isToOne(header) ? encodeTotals(header, totals) : JSON.stringify(totals);
}

export function decodeTotals(header: NotificationHeader, code: string): Totals {
  if (code.startsWith("[")) return JSON.parse(code);
  const codes = code.split("|");
  return emptyTotals(header.channels).map((channel, index) =>
    decodeChannel(channel, codes[index] ?? "", hourOf(header)),
  );
}

const EVENTS = ["d", "v", "c"] as const;
const CHANNEL_CODE = /^(?:([dxp])|([fs])(\d+))?(v?)(c?)((?:\.[0-9a-z]+-[dvc]+)*)$/;

function hourOf({ createdAt }: NotificationHeader): number {
  return Math.floor(createdAt / HOUR_MS);
}

function encodeChannel(channel: ChannelTotals, createdHour: number): string {
  const { delivered, cancelled, pending, viewed, clicked, hours = [] } = channel;
  let code = delivered > 0 ? "d" : cancelled > 0 ? "x" : pending > 0 ? "p" : "";
  const [failure] = channel.failed;
  const [skip] = channel.skipped;
  if (failure !== undefined) code += `f${indexOf(FAILURE_REASONS, failure[0])}`;
  if (skip !== undefined) code += `s${indexOf(SKIP_REASONS, skip[0])}`;
  if (viewed > 0) code += "v";
  if (clicked > 0) code += "c";
  if (isImplied(hours, createdHour, delivered)) return code;
  for (const [hour, ...counts] of hours) {
    const events = EVENTS.filter((_, index) => (counts[index] ?? 0) > 0).join("");
    code += `.${(hour - createdHour).toString(36)}-${events}`;
  }
  return code;
}

function decodeChannel(channel: ChannelTotals, code: string, createdHour: number): ChannelTotals {
  const [, status, kind, reason, viewed, clicked, hourCodes = ""] = CHANNEL_CODE.exec(code) ?? [];
  const decoded: ChannelTotals = {
    ...channel,
    delivered: status === "d" ? 1 : 0,
    cancelled: status === "x" ? 1 : 0,
    pending: status === "p" ? 1 : 0,
    viewed: viewed ? 1 : 0,
    clicked: clicked ? 1 : 0,
    failed: kind === "f" ? [[FAILURE_REASONS[Number(reason)] ?? "", 1]] : [],
    skipped: kind === "s" ? [[SKIP_REASONS[Number(reason)] ?? "", 1]] : [],
  };
  const hours = hourCodes
    .split(".")
    .slice(1)
    .map((text): HourCounts => {
      const [delta = "", events = ""] = text.split("-");
      const [delivered, seen, acted] = EVENTS.map((event) => (events.includes(event) ? 1 : 0));
      return [createdHour + Number.parseInt(delta, 36), delivered ?? 0, seen ?? 0, acted ?? 0];
    });
  if (hours.length > 0) decoded.hours = hours;
  else if (decoded.delivered > 0) decoded.hours = [[createdHour, 1, 0, 0]];
  return decoded;
}

function isImplied(hours: readonly HourCounts[], createdHour: number, delivered: number): boolean {
  if (delivered === 0) return hours.length === 0;
  const [first] = hours;
  return hours.length === 1 && first !== undefined && first.join() === [createdHour, 1, 0, 0].join();
}

function indexOf(reasons: readonly string[], reason: string): number {
  return reasons.indexOf(reason);
}
