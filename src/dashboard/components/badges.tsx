const STATUS_LOOKS: Readonly<Record<string, string>> = {
  delivered: "good",
  completed: "good",
  approved: "good",
  failed: "bad",
  pending: "busy",
  sending: "busy",
  draft: "warn",
};

/** The state of a notification or a delivery: always a word, the colour says it once more. */
export function StatusBadge({ status }: { status: string }) {
  return <span class={`badge ${STATUS_LOOKS[status] ?? ""}`}>{status}</span>;
}
