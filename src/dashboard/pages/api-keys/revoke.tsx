import { useEffect, useState } from "preact/hooks";
import type { ApiKey, ApiKeyInUse } from "../../../client/api-types.ts";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { operator } from "../../session.ts";

interface RevokeProps {
  app: string;
  apiKey: ApiKey;
  onRevoked(): void;
}

/** Revokes a key, after it has said what that ends. */
export function Revoke({ app, apiKey: { id, name }, onRevoked }: RevokeProps) {
  const [isKnown, setIsKnown] = useState(false);
  const revoking = useAction(async () => {
    await operator.admin.revokeKey(app, id);
    onRevoked();
  });
  return (
    <>
      <Confirm
        verb="Revoke"
        what={name}
        isRunning={!isKnown || revoking.isRunning}
        onConfirm={() => revoking.run()}
      >
        <Effects app={app} id={id} onKnown={() => setIsKnown(true)} />
      </Confirm>
      {revoking.error !== null && <Failure error={revoking.error} />}
    </>
  );
}

function Effects({ app, id, onKnown }: { app: string; id: string; onKnown: () => void }) {
  const loaded = useLoad((signal) => operator.admin.key(app, id, { signal }), [app, id]);
  const isKnown = loaded.data !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once
  useEffect(() => {
    if (isKnown) onKnown();
  }, [isKnown]);
  return (
    <div class="stack-tight words">
      <WhenLoaded loaded={loaded} what="what that ends">
        {(key) => <EffectList inUse={key} />}
      </WhenLoaded>
      <CopyAs
        what="revoking"
        call={{
          method: "DELETE",
          isAdmin: true,
          path: `/admin/apps/${encodeURIComponent(app)}/keys/${id}`,
          client: `admin.revokeKey(${JSON.stringify(app)}, ${JSON.stringify(id)})`,
        }}
      />
    </div>
  );
}

function EffectList({ inUse: { scopes, uses, signIns, sending } }: { inUse: ApiKeyInUse }) {
  const used = scopes.flatMap((scope) => (uses[scope] === null ? [] : [[scope, uses[scope]] as const]));
  return (
    <>
      <strong>What ends</strong>
      <ul>
        {used.length === 0 && <li>No call: nobody has used it so far.</li>}
        {used.map(([scope, at]) => (
          <li key={scope}>
            Calls that {DOES[scope]}: the last was made <Time at={at} isAge />
          </li>
        ))}
        <li>
          {countOf(signIns)} {signIns.count === 1 ? "sign-in" : "sign-ins"} to the dashboard of the last 12
          hours, as far as they are open
        </li>
      </ul>
      <strong>What goes on</strong>
      <ul>
        <li>
          {countOf(sending)} {sending.count === 1 ? "notification" : "notifications"} of its being sent
        </li>
        <li>Tokens of users that it issued, and uploads that have begun</li>
      </ul>
    </>
  );
}

const DOES = { send: "send", read: "read", manage: "manage" } as const;

function countOf({ count, isMore }: ApiKeyInUse["signIns"]): string {
  return isMore ? `at least ${formatNumber(count)}` : formatNumber(count);
}
