import { useState } from "preact/hooks";
import type { Channel } from "../../../client/api-types.ts";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Secret } from "../../components/secret.tsx";
import { Time } from "../../components/time.tsx";
import { useAction } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { takeSecret } from "./secret.ts";

interface WebhookSecretProps {
  app: string;
  channel: Channel;
  onRotated(): void;
}

/** What a webhook channel's calls are signed with: a new one is shown once, the old one signs beside it for a day. */
export function WebhookSecret({ app, channel, onRotated }: WebhookSecretProps) {
  const { key, name, secretFingerprint, previousSecretUntil } = channel;
  const [secret, setSecret] = useState(() => takeSecret(key));
  const rotating = useAction(async () => {
    setSecret((await clientOf(app).channels.rotateSecret(key)).secret ?? null);
    onRotated();
  });
  return (
    <section class="card stack" aria-label="Secret">
      <h2>Secret</h2>
      <p>
        Fingerprint <code>{secretFingerprint}</code>
        {previousSecretUntil && (
          <>
            ; the one before signs too until <Time at={previousSecretUntil} />
          </>
        )}
      </p>
      <Secret secret={secret}>It is shown this once. Give it to whoever receives the calls.</Secret>
      {rotating.error !== null && <Failure error={rotating.error} />}
      {may("manage") && (
        <div class="row">
          <Confirm
            key={secretFingerprint}
            verb="Rotate secret"
            what={`of ${name}`}
            isRunning={rotating.isRunning}
            onConfirm={() => rotating.run()}
          >
            Receivers need the new one within 24 hours: so long the old one signs beside it.
          </Confirm>
          <CopyAs
            call={{
              method: "POST",
              path: `/channels/${key}/rotate-secret`,
              body: {},
              client: `channels.rotateSecret("${key}")`,
            }}
          />
        </div>
      )}
    </section>
  );
}
