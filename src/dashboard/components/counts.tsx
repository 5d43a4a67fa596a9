import type { ChannelCounts } from "../../client/api-types.ts";
import { formatNumber, formatShare } from "../format.ts";

function sumOf(reasons: Readonly<Record<string, number>>): number {
  return Object.values(reasons).reduce((sum, count) => sum + count, 0);
}

/** All channels' deliveries together. */
export function totalOf(counts: Readonly<Record<string, ChannelCounts>>) {
  const total = { total: 0, delivered: 0, failed: 0, skipped: 0, cancelled: 0, pending: 0 };
  for (const channel of Object.values(counts)) {
    total.total += channel.total;
    total.delivered += channel.delivered;
    total.failed += sumOf(channel.failed);
    total.skipped += sumOf(channel.skipped);
    total.cancelled += channel.cancelled;
    total.pending += channel.pending;
  }
  return total;
}

type Sum = ReturnType<typeof totalOf>;

/** How far a send is, and with what. The numbers beside it say the same. */
export function CountsBar({ sum }: { sum: Sum }) {
  const parts = ["delivered", "failed", "skipped", "cancelled"] as const;
  return (
    <div class="bar" aria-hidden="true">
      {parts.map((part) => (
        <i
          key={part}
          class={part}
          style={{ width: `${sum.total === 0 ? 0 : (sum[part] / sum.total) * 100}%` }}
        />
      ))}
    </div>
  );
}

interface EquationProps {
  counts: ChannelCounts;
  /** Where the rows of a number are. */
  linkTo(status: string): string;
}

/** total = delivered + failed + skipped + cancelled + pending: it closes at every look, and each number leads to its rows. */
export function Equation({ counts, linkTo }: EquationProps) {
  const sum = totalOf({ channel: counts });
  const parts = ["delivered", "failed", "skipped", "cancelled", "pending"] as const;
  return (
    <div class="equation">
      <a class="term" href={linkTo("")}>
        <b>{formatNumber(sum.total)}</b>
        <span>total</span>
      </a>
      {parts.map((part, index) => (
        <span key={part} class="part">
          <span class="sign" aria-hidden="true">
            {index === 0 ? "=" : "+"}
          </span>
          <a class="term" href={linkTo(part)}>
            <b>{formatNumber(sum[part])}</b>
            <span>
              {part} {sum.total > 0 && part === "delivered" && formatShare(sum.delivered, sum.total)}
            </span>
          </a>
        </span>
      ))}
    </div>
  );
}
