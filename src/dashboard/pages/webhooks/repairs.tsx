import { useState } from "preact/hooks";
import type { Webhook, WebhookRecovery } from "../../../client/api-types.ts";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Form, NumberField, TimeField } from "../../components/fields.tsx";
import { Secret } from "../../components/secret.tsx";
import { formatNumber, isUtc, zoneName } from "../../format.ts";
import { useAction } from "../../load.ts";
import { clientOf } from "../../session.ts";

interface RepairProps {
  app: string;
  webhook: Webhook;
  onDone: () => void;
}

const API = "/webhooks";

/** What the endpoint hasn't taken since a time is sent again. */
export function Recover({ app, webhook: { id, enabled }, onDone }: RepairProps) {
  const [local, setLocal] = useState("");
  const [found, setFound] = useState<WebhookRecovery | null>(null);
  // What is typed is of the zone that times are shown in.
  const at = new Date(isUtc.value ? `${local}Z` : local);
  const since = Number.isNaN(at.getTime()) ? "" : at.toISOString();
  const recovering = useAction(async () => {
    setFound(null);
    setFound(await clientOf(app).webhooks.recover(id, { since }));
    onDone();
  });
  return (
    <Form label="Recover" onSubmit={recovering.run}>
      <h2>Recover what it missed</h2>
      <p class="quiet">
        Calls since then that failed for good wait again, with all their attempts anew; those that wait for a
        later attempt are due now.
      </p>
      <div class="row ends">
        <TimeField label={`Since (${zoneName()})`} value={local} onValue={setLocal} />
        <button type="submit" class="button" disabled={since === "" || !enabled || recovering.isRunning}>
          {recovering.isRunning ? "Recovering …" : "Recover"}
        </button>
        <CopyAs
          call={{
            method: "POST",
            path: `${API}/${id}/recover`,
            body: { since },
            client: `webhooks.recover("${id}", { since: "${since}" })`,
          }}
        />
      </div>
      {!enabled && <p class="small quiet">The endpoint is disabled: enable it first.</p>}
      <div role="status">
        {found !== null && (
          <p class="notice good">
            {formatNumber(found.recovered)} {found.recovered === 1 ? "call is" : "calls are"} sent again.
            {found.hasMore && " As much waits as may: recover again when it has been taken."}
          </p>
        )}
      </div>
      {recovering.error !== null && <Failure error={recovering.error} />}
    </Form>
  );
}

/** A new secret. The old one signs beside it for a while, so that servers can change over. */
export function Rotate({ app, webhook: { id }, onDone }: RepairProps) {
  const [hours, setHours] = useState(24);
  const [secret, setSecret] = useState<string | null>(null);
  const rotating = useAction(async () => {
    setSecret(null);
    setSecret((await clientOf(app).webhooks.rotateSecret(id, { gracePeriodHours: hours })).secret);
    onDone();
  });
  return (
    <section class="card stack" aria-label="Rotate the secret">
      <h2>Rotate the secret</h2>
      <div class="row ends">
        <NumberField
          label="Hours that the old one signs too"
          min={0}
          max={168}
          value={hours}
          onValue={(value) => setHours(Number(value))}
        />
        <Confirm
          key={secret}
          verb="Rotate"
          what="the secret"
          isRunning={rotating.isRunning}
          onConfirm={rotating.run}
        >
          {hours === 0
            ? "The old secret ends at once: calls are refused until your servers have the new one."
            : `Your servers need the new secret within ${hours} ${hours === 1 ? "hour" : "hours"}.`}
        </Confirm>
        <CopyAs
          call={{
            method: "POST",
            path: `${API}/${id}/rotate-secret`,
            body: { gracePeriodHours: hours },
            client: `webhooks.rotateSecret("${id}", { gracePeriodHours: ${hours} })`,
          }}
        />
      </div>
      {rotating.error !== null && <Failure error={rotating.error} />}
      <Secret secret={secret}>The new secret is shown this once. Put it into your servers.</Secret>
    </section>
  );
}
