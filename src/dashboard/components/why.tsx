import { meaningOf } from "../reasons.ts";

interface WhyProps {
  /** As the API has it; null where there is none to give. */
  reason: string | null;
  /** The provider's words. */
  message: string | null;
}

/** Why a delivery failed or was skipped; where there is nothing to say, the column needs no room. */
export function Why({ reason, message }: WhyProps) {
  if (reason === null && message === null) return null;
  return (
    <div class="words">
      {reason !== null && <span title={reason}>{meaningOf(reason)}</span>}
      {message !== null && <div class="mono small">“{message}”</div>}
    </div>
  );
}
