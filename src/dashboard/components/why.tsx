import { meaningOf } from "../reasons.ts";

interface WhyProps {
  /** As the API has it; null where there is none to give. */
  reason: string | null;
  /** The provider's words. */
  message: string | null;
}

/** Why a delivery failed or was skipped. */
export function Why({ reason, message }: WhyProps) {
  return (
    <div class="words">
      {reason !== null && <span title={reason}>{meaningOf(reason)}</span>}
      {message !== null && <div class="mono small">“{message}”</div>}
    </div>
  );
}
