import { signal } from "@preact/signals";

/** How numbers and times are written. */

const UTC_KEY = "onecall.utc";

/** Whether times are shown in UTC; else in the browser's zone. */
export const isUtc = signal(localStorage.getItem(UTC_KEY) === "true");

export function setUtc(value: boolean): void {
  isUtc.value = value;
  localStorage.setItem(UTC_KEY, String(value));
}

/** The zone that times are shown in, by its name. */
export function zoneName(): string {
  return isUtc.value ? "UTC" : new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

/** A part of a whole, so that what isn't nothing isn't shown as nothing. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return "0 %";
  const percent = (part / whole) * 100;
  if (percent < 0.1) return "< 0.1 %";
  if (percent > 99.9 && part < whole) return "> 99.9 %";
  // What isn't all isn't 100 %.
  const isNearAnEnd = percent < 10 || (percent > 99 && part < whole);
  return `${isNearAnEnd ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** Such as "2.3 MB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [unit, size] = bytes < 1e6 ? ["kB", 1e3] : bytes < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  return `${(bytes / Number(size)).toFixed(1)} ${unit}`;
}

/** A day or an hour of figures, which are by UTC: "2026-11-26" or "2026-11-26 14:00". */
export function formatPoint(date: string): string {
  return date.slice(0, 16).replace("T", " ");
}

/** Such as "in-app". */
export function formatChannelType(type: string): string {
  return type.replace("_", "-");
}

/** Such as "26 Nov 2026, 14:03:21". */
export function formatTime(iso: string): string {
  return new Date(iso).toLocaleString("en-GB", {
    ...{
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    },
    ...(isUtc.value ? { timeZone: "UTC" } : {}),
  });
}

const UNITS: [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** Such as "3 minutes ago". */
export function formatAge(iso: string, now = Date.now()): string {
  const ms = Date.parse(iso) - now;
  const [unit, size] = UNITS.find(([, unitMs]) => Math.abs(ms) >= unitMs) ?? ["second", 1000];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(ms / size), unit);
}

/** Such as "2.3 s" or "4 min 10 s". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
