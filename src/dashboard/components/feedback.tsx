import type { ComponentChildren } from "preact";
import { OnecallError } from "../../client/index.ts";
import { CopyButton } from "./copy.tsx";

/** What a page shows while, or because, it has nothing else to show. */

export function Loading({ what }: { what: string }) {
  return (
    <p class="empty" role="status">
      Loading {what} …
    </p>
  );
}

/** An empty list teaches the next step. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** What went wrong, what to do about it, and what the operator finds the call by. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const known = error instanceof OnecallError ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  const faults = Object.entries(known?.details ?? {});
  // Of one field the message says what the list says.
  const isOne = faults.some(([field, fault]) => message === `${field}: ${fault}`);
  return (
    <div class="notice bad" role="alert">
      <strong>{isOne ? "1 field is wrong" : message}</strong>
      {faults.length > 0 && (
        <ul>
          {faults.map(([field, fault]) => (
            <li key={field}>
              <code>{field}</code> {fault}
            </li>
          ))}
        </ul>
      )}
      <p class="quiet">{adviceOn(known)}</p>
      <div class="row">
        {onRetry !== undefined && (
          <button type="button" class="button" onClick={onRetry}>
            Try again
          </button>
        )}
        {known?.requestId && (
          <span class="small quiet">
            Request <code>{known.requestId}</code>{" "}
            <CopyButton text={known.requestId} label="Copy request id" />
          </span>
        )}
      </div>
    </div>
  );
}

function adviceOn(error: OnecallError | null): string {
  if (error === null) return "The page has a fault: reload it, and tell the operator what you did.";
  if (error.code === "ERR_NETWORK" || error.code === "ERR_TIMEOUT")
    return "Look at your connection, then try again.";
  if (error.status === 401) return "Look whether all of it was copied; the operator makes new keys.";
  if (error.status === 403)
    return "Your API key lacks a scope for this. Ask the operator for one that has it.";
  if (error.status === 404) return "It was deleted, is of another app, or its address is wrong.";
  if (error.status === 409) return "What is there doesn't allow it now. Reload the page to see what it is.";
  if (error.status === 429) return "Too many calls in a minute: wait one, then try again.";
  if ((error.status ?? 0) >= 500)
    return "The service couldn't do it now. Try again; tell the operator the request if it goes on.";
  return "Nothing was changed. Mend what is named, then try again.";
}
