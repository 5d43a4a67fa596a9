import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Channel } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Empty, Failure } from "../../components/feedback.tsx";
import { Form, type Option, SelectField, TextField } from "../../components/fields.tsx";
import { LoadedTable, Refresh } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import type { Column } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatChannelType } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { showSecret } from "./secret.ts";

const TYPES: readonly Option<Channel["type"]>[] = [
  ["in_app", "In-app: the user's feed"],
  ["push", "Push: the user's devices"],
  ["webhook", "Webhook: a URL of the user's"],
];

/** Where the app reaches its users: at most 50, so all of them. */
export default function ChannelList({ app = "" }: { app?: string }) {
  const loaded = useLoad((signal) => clientOf(app).channels.list({ signal }).page(), [app]);
  return (
    <Page title="Channels" actions={<Refresh loaded={loaded} />}>
      <LoadedTable
        loaded={loaded}
        what="channels"
        caption="Channels"
        keyOf={({ id }) => id}
        columns={columnsOf(app)}
      >
        <Empty title="There is no channel yet">
          <p>A template's content is for channels. Make the first below: in-app needs nothing else.</p>
        </Empty>
      </LoadedTable>
      <CopyAs
        call={{
          method: "GET",
          path: "/channels",
          client: "channels.list().page()",
        }}
      />
      {may("manage") && <NewChannel app={app} />}
    </Page>
  );
}

function columnsOf(app: string): Column<Channel>[] {
  return [
    {
      title: "Channel",
      cell: ({ name, key }) => (
        <>
          <a href={`/dashboard/${encodeURIComponent(app)}/channels/${encodeURIComponent(key)}`}>{name}</a>
          <div class="small quiet mono">{key}</div>
        </>
      ),
    },
    { title: "Type", cell: ({ type }) => <span class="word">{formatChannelType(type)}</span> },
    {
      title: "State",
      cell: ({ enabled }) => <StatusBadge status={enabled ? "enabled" : "disabled"} />,
    },
    { title: "Sends by", cell: sendsBy },
    { title: "Updated", cell: ({ updatedAt }) => <Time at={updatedAt} isAge /> },
  ];
}

const PROVIDER_NAMES: Readonly<Record<string, string>> = { fcm: "FCM", apns: "APNs", webpush: "Web Push" };

function sendsBy({ type, providers }: Channel): string {
  if (type === "in_app") return "this service";
  if (type === "webhook") return "signed calls";
  const names = Object.entries(providers ?? {}).flatMap(([name, found]) =>
    found === null ? [] : [PROVIDER_NAMES[name] ?? name],
  );
  return names.length === 0 ? "no provider yet: nothing is pushed" : names.join(", ");
}

function NewChannel({ app }: { app: string }) {
  const { route } = useLocation();
  const [name, setName] = useState("");
  const [key, setKey] = useState("");
  const [type, setType] = useState<Channel["type"]>("in_app");
  const body = { name, type, ...(key.trim() === "" ? {} : { key: key.trim() }) };
  const making = useAction(async () => {
    const made = await clientOf(app).channels.create(body);
    if (made.secret !== undefined) showSecret(made.key, made.secret);
    route(`/dashboard/${encodeURIComponent(app)}/channels/${encodeURIComponent(made.key)}`);
  });
  return (
    <Form label="A new channel" onSubmit={making.run}>
      <h2>A new channel</h2>
      <div class="filters wide">
        <TextField label="Name" required value={name} onValue={setName} />
        <SelectField label="Type: it never changes" value={type} options={TYPES} onValue={setType} />
        <TextField label="Key (made from the name where empty)" isCode value={key} onValue={setKey} />
      </div>
      {making.error !== null && <Failure error={making.error} />}
      <div class="row">
        <button type="submit" class="button main" disabled={making.isRunning}>
          Make the channel
        </button>
        <CopyAs
          call={{
            method: "POST",
            path: "/channels",
            body,
            client: `channels.create(${JSON.stringify(body)})`,
          }}
        />
      </div>
    </Form>
  );
}
