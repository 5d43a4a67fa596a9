import { formatAge, formatTime, zoneName } from "../format.ts";

/** A time in the zone that the page shows times in, and how long ago that is. */
export function Time({ at, isAge = false }: { at: string; isAge?: boolean }) {
  const whole = `${formatTime(at)} (${zoneName()})`;
  return (
    <time dateTime={at} title={whole}>
      {isAge ? formatAge(at) : formatTime(at)}
    </time>
  );
}
