import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Webhook } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Fact, Facts } from "../../components/facts.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Form } from "../../components/fields.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { Attempts } from "./attempts.tsx";
import { type EndpointFields, Fields, toBody } from "./fields.tsx";
import { Recover, Rotate } from "./repairs.tsx";

const API = "/webhooks";

const DISABLED: Readonly<Record<NonNullable<Webhook["disabledReason"]>, string>> = {
  requested: "somebody disabled it",
  failing: "it failed for five days without any success",
  gone: "it answered 410, so it is gone",
  backlog: "too much waited for it",
};

/** An endpoint: its state, what it was called with, and what to do where calls failed. */
export default function WebhookDetail({ app = "", id = "" }: { app?: string; id?: string }) {
  const loaded = useLoad((signal) => clientOf(app).webhooks.get(id, { signal }), [app, id]);
  return (
    <Page title={loaded.data?.description ?? "Webhook"}>
      <WhenLoaded loaded={loaded} what="the endpoint">
        {(webhook) => (
          <>
            <EndpointFacts webhook={webhook} />
            <Attempts app={app} webhook={webhook} onCalled={loaded.reload} />
            {may("manage") && (
              <>
                <Recover app={app} webhook={webhook} onDone={loaded.reload} />
                <Rotate app={app} webhook={webhook} onDone={loaded.reload} />
                <Change app={app} webhook={webhook} key={webhook.updatedAt} onDone={loaded.reload} />
              </>
            )}
          </>
        )}
      </WhenLoaded>
    </Page>
  );
}

function EndpointFacts({ webhook }: { webhook: Webhook }) {
  const { url, enabled, disabledAt, disabledReason, failingSince, secretFingerprint } = webhook;
  return (
    <Facts>
      <Fact name="State">
        <StatusBadge status={enabled ? "enabled" : "disabled"} />
        {disabledAt !== null && (
          <div class="small quiet">
            <Time at={disabledAt} isAge />
            {disabledReason !== null && `: ${DISABLED[disabledReason]}`}
          </div>
        )}
      </Fact>
      <Fact name="URL">{url}</Fact>
      <Fact name="Events">
        {webhook.events.join(", ")}{" "}
        <span class="quiet">at most {formatNumber(webhook.eventsPerCall)} a call</span>
      </Fact>
      <Fact name="Failing">
        {failingSince === null ? (
          "no"
        ) : (
          <>
            since <Time at={failingSince} />
          </>
        )}
      </Fact>
      <Fact name="Events that wait">{formatNumber(webhook.waitingEvents)}</Fact>
      <Fact name="Events dropped">{formatNumber(webhook.droppedEvents)}</Fact>
      <Fact name="Secret's fingerprint">
        <code class="small">{secretFingerprint}</code>
        {webhook.previousSecretUntil !== null && (
          <div class="small quiet">
            the one before signs until <Time at={webhook.previousSecretUntil} />
          </div>
        )}
      </Fact>
      <Fact name="Created">
        <Time at={webhook.createdAt} />
      </Fact>
    </Facts>
  );
}

type Body = Parameters<ReturnType<typeof clientOf>["webhooks"]["update"]>[1];

/** Its fields, whether it is enabled, and its end. */
function Change({ app, webhook, onDone }: { app: string; webhook: Webhook; onDone: () => void }) {
  const { id, enabled } = webhook;
  const [kept, setKept] = useState<EndpointFields>({ ...webhook, description: webhook.description ?? "" });
  const [fields, setFields] = useState(kept);
  const changing = useAction(async (body: Body, nowKept: EndpointFields) => {
    await clientOf(app).webhooks.update(id, body);
    setKept(nowKept);
    onDone();
  });
  return (
    <Form label="Change the endpoint" onSubmit={() => changing.run(toBody(fields), fields)}>
      <h2>Change it</h2>
      <Fields fields={fields} kept={kept} onFields={setFields} />
      {changing.error !== null && <Failure error={changing.error} />}
      <div class="row">
        <button type="submit" class="button main" disabled={fields.events.length === 0 || changing.isRunning}>
          Save
        </button>
        <button
          type="button"
          class="button"
          disabled={changing.isRunning}
          onClick={() => changing.run({ enabled: !enabled }, kept)}
        >
          {enabled ? "Disable" : "Enable"}
        </button>
        <CopyAs
          call={{
            method: "PUT",
            path: `${API}/${id}`,
            body: { ...toBody(fields), enabled },
            client: `webhooks.update("${id}", ${JSON.stringify({ ...toBody(fields), enabled })})`,
          }}
        />
      </div>
      <p class="small quiet">
        While it is disabled it hears nothing of what happens; what waits for it goes out when it is enabled
        again.
      </p>
      <Delete app={app} id={id} />
    </Form>
  );
}

function Delete({ app, id }: { app: string; id: string }) {
  const { route } = useLocation();
  const deleting = useAction(async () => {
    await clientOf(app).webhooks.delete(id);
    route(`/dashboard/${encodeURIComponent(app)}/webhooks`);
  });
  return (
    <>
      {deleting.error !== null && <Failure error={deleting.error} />}
      <div>
        <Confirm verb="Delete" what="this endpoint" isRunning={deleting.isRunning} onConfirm={deleting.run}>
          What it was still to get is gone, and its attempts.{" "}
          <CopyAs call={{ method: "DELETE", path: `${API}/${id}`, client: `webhooks.delete("${id}")` }} />
        </Confirm>
      </div>
    </>
  );
}
