import { useState } from "preact/hooks";
import type { Webhook } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Empty, Failure } from "../../components/feedback.tsx";
import { Form } from "../../components/fields.tsx";
import { LoadedTable, Refresh } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { Secret } from "../../components/secret.tsx";
import { type Column, Pager } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { useUrlState } from "../../url-state.ts";
import { Fields, NEW_ENDPOINT, toBody } from "./fields.tsx";

const API = "/webhooks";

/** The endpoints that are told what happens. */
export default function WebhookList({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only(["cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).webhooks.list(query, { signal }).page(),
    [app, JSON.stringify(query)],
  );
  return (
    <Page title="Webhooks" actions={<Refresh loaded={loaded} />}>
      <LoadedTable
        loaded={loaded}
        what="endpoints"
        caption="Endpoints"
        keyOf={({ id }) => id}
        columns={columnsOf(app)}
      >
        <Empty title="No endpoint is here">
          <p>
            An endpoint is a URL of your server. Onecall calls it when something happens, signed, and for a
            day again where it fails. Make the first below.
          </p>
        </Empty>
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs call={{ method: "GET", path: API, client: "webhooks.list().page()" }} />
      </div>
      {may("manage") && <NewEndpoint app={app} onMade={loaded.reload} />}
    </Page>
  );
}

function NewEndpoint({ app, onMade }: { app: string; onMade: () => void }) {
  const [fields, setFields] = useState(NEW_ENDPOINT);
  const [secret, setSecret] = useState<string | null>(null);
  const making = useAction(async () => {
    setSecret(null);
    setSecret((await clientOf(app).webhooks.create(toBody(fields))).secret);
    setFields(NEW_ENDPOINT);
    onMade();
  });
  return (
    <Form label="A new endpoint" onSubmit={making.run}>
      <h2>A new endpoint</h2>
      <Fields fields={fields} kept={NEW_ENDPOINT} onFields={setFields} />
      {making.error !== null && <Failure error={making.error} />}
      <div class="row">
        <button type="submit" class="button main" disabled={fields.events.length === 0 || making.isRunning}>
          {making.isRunning ? "Making …" : "Make the endpoint"}
        </button>
        <CopyAs
          call={{
            method: "POST",
            path: API,
            body: toBody(fields),
            client: `webhooks.create(${JSON.stringify(toBody(fields))})`,
          }}
        />
      </div>
      <Secret secret={secret}>
        The secret that signs its calls is shown this once. Put it where your server's secrets are.
      </Secret>
    </Form>
  );
}

function columnsOf(app: string): Column<Webhook>[] {
  return [
    {
      title: "Endpoint",
      cell: ({ id, url, description }) => (
        <>
          <a href={`/dashboard/${encodeURIComponent(app)}/webhooks/${id}`}>{url}</a>
          <div class="small quiet">{description}</div>
        </>
      ),
    },
    {
      title: "State",
      cell: ({ enabled, failingSince }) => (
        <>
          <StatusBadge status={enabled ? "enabled" : "disabled"} />
          {failingSince !== null && (
            <div class="small">
              failing since <Time at={failingSince} isAge />
            </div>
          )}
        </>
      ),
    },
    { title: "Events", cell: ({ events }) => <div class="small words">{events.join(", ")}</div> },
    { title: "Waiting", isNumber: true, cell: ({ waitingEvents }) => formatNumber(waitingEvents) },
    { title: "Dropped", isNumber: true, cell: ({ droppedEvents }) => formatNumber(droppedEvents) },
  ];
}
