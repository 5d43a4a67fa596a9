import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

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

/**
 * A button whose work can't be undone: it says what will be, and asks once more. The keys are at "Keep it" then; with
 * it, or with Escape, they are back where they were.
 */
export function Confirm({ verb, what, children, isRunning, onConfirm }: ConfirmProps) {
  const [isAsked, setIsAsked] = useState(false);
  const asking = useRef<HTMLButtonElement>(null);
  const keeping = useRef<HTMLButtonElement>(null);
  const wasAsked = useRef(false);
  useEffect(() => {
    if (isAsked) keeping.current?.focus();
    else if (wasAsked.current) asking.current?.focus();
    wasAsked.current = isAsked;
  }, [isAsked]);
  if (!isAsked) {
    return (
      <button
        ref={asking}
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
    <div
      class="stack-tight words"
      role="alert"
      onKeyDown={({ key }) => {
        if (key === "Escape") setIsAsked(false);
      }}
    >
      <span>{children}</span>
      <span class="row">
        <button type="button" class="button danger" disabled={isRunning} onClick={onConfirm}>
          {verb} {what}
        </button>
        <button ref={keeping} type="button" class="button" onClick={() => setIsAsked(false)}>
          Keep it
        </button>
      </span>
    </div>
  );
}
