const STATUS_LOOKS: Readonly<Record<string, string>> = {
  delivered: "good",
  completed: "good",
  approved: "good",
  succeeded: "good",
  enabled: "good",
  failed: "bad",
  pending: "busy",
  sending: "busy",
  draft: "warn",
  disabled: "warn",
};

/** The state of a notification, a delivery or an endpoint: always a word, the colour says it once more. */
export function StatusBadge({ status }: { status: string }) {
  return <span class={`badge word ${STATUS_LOOKS[status] ?? ""}`}>{status}</span>;
}
