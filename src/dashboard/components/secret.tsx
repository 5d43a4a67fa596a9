import { CopyButton } from "./copy.tsx";

interface SecretProps {
  /** Null: none was made. */
  secret: string | null;
  name?: string;
  children: string;
}

/** A secret that no other answer shows. */
export function Secret({ secret, name = "secret", children }: SecretProps) {
  return (
    <div role="status">
      {secret !== null && (
        <div class="notice good">
          <span>{children}</span>
          <span class="row">
            <code>{secret}</code>
            <CopyButton text={secret} label={`Copy the ${name}`} />
          </span>
        </div>
      )}
    </div>
  );
}
