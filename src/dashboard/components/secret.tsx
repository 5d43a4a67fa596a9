import { CopyButton } from "./copy.tsx";

/** A secret that no other answer shows. Null: none was made. */
export function Secret({ secret, children }: { secret: string | null; children: string }) {
  return (
    <div role="status">
      {secret !== null && (
        <div class="notice good">
          <span>{children}</span>
          <span class="row">
            <code>{secret}</code>
            <CopyButton text={secret} label="Copy the secret" />
          </span>
        </div>
      )}
    </div>
  );
}
