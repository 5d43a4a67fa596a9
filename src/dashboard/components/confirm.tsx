import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface ConfirmProps {
  /** What it does, such as "Delete". */
  verb: string;
  /** To what, for whoever can't see what stands beside it. */
  what: string;
  /** What becomes of it. */
  children: ComponentChildren;
  isRunning: boolean;
  onConfirm(): void;
}

/** A button whose work can't be undone: it says what will be, and asks once more. */
export function Confirm({ verb, what, children, isRunning, onConfirm }: ConfirmProps) {
  const [isAsked, setIsAsked] = useState(false);
  if (!isAsked) {
    return (
      <button
        type="button"
        class="button plain"
        aria-label={`${verb} ${what} …`}
        onClick={() => setIsAsked(true)}
      >
        {verb} …
      </button>
    );
  }
  return (
    <div class="stack-tight" role="alert">
      <span>{children}</span>
      <span class="row">
        <button type="button" class="button main" disabled={isRunning} onClick={onConfirm}>
          {verb} {what}
        </button>
        <button type="button" class="button" onClick={() => setIsAsked(false)}>
          Keep it
        </button>
      </span>
    </div>
  );
}
