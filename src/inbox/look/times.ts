const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Times in the words of a locale. */
export class Times {
  readonly #relative: Intl.RelativeTimeFormat;
  readonly #short: Intl.RelativeTimeFormat;
  readonly #clock: Intl.DateTimeFormat;
  readonly #full: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #oldDate: Intl.DateTimeFormat;
  readonly locale: string;

  constructor(wanted: string) {
    const locale = isLocale(wanted) ? wanted : "en";
    this.locale = locale;
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
    this.#short = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
    this.#clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
    this.#full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
    this.#weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
    this.#date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" });
    this.#oldDate = new Intl.DateTimeFormat(locale, { dateStyle: "long" });
  }

  /** Minutes and hours of today, else the time of day: the day stands above it. */
  ago(timeMs: number, nowMs: number): string {
    const age = Math.max(0, nowMs - timeMs);
    if (age < MINUTE_MS) return this.#short.format(0, "second");
    if (age < HOUR_MS) return this.#short.format(-Math.floor(age / MINUTE_MS), "minute");
    if (daysBetween(timeMs, nowMs) === 0) return this.#short.format(-Math.floor(age / HOUR_MS), "hour");
    return this.#clock.format(timeMs);
  }

  full(timeMs: number): string {
    return this.#full.format(timeMs);
  }

  /** The name of a day: today, yesterday, Monday, 3 October. */
  day(timeMs: number, nowMs: number): string {
    const days = daysBetween(timeMs, nowMs);
    if (days <= 1) return capitalize(this.#relative.format(-Math.max(0, days), "day"), this.locale);
    if (days < 7) return capitalize(this.#weekday.format(timeMs), this.locale);
    const isThisYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
    return (isThisYear ? this.#date : this.#oldDate).format(timeMs);
  }
}

/** Calendar days of this place from one time to another. */
function daysBetween(fromMs: number, toMs: number): number {
  return Math.round((midnightOf(toMs) - midnightOf(fromMs)) / DAY_MS);
}

function midnightOf(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0);
}

function capitalize(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

function isLocale(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length > 0;
  } catch {
    return false;
  }
}
