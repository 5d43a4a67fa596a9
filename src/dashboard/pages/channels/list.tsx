import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Channel } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Empty, Failure, Loading } from "../../components/feedback.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useAction, useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { showSecret } from "./secret.ts";

const TYPES: readonly (readonly [type: Channel["type"], label: string])[] = [
  ["in_app", "In-app: the user's feed"],
  ["push", "Push: the user's devices"],
  ["webhook", "Webhook: a URL of the user's"],
];

/** Where the app reaches its users: at most 50, so all of them. */
export default function ChannelList({ app = "" }: { app?: string }) {
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).channels.list({ signal }).page(),
    [app],
  );
  return (
    <Page
      title="Channels"
      actions={
        <button type="button" class="button" onClick={reload} disabled={isLoading}>
          {isLoading ? "Loading …" : "Refresh"}
        </button>
      }
    >
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="channels" />}
      {data?.data.length === 0 && (
        <Empty title="There is no channel yet">
          <p>A template's content is for channels. Make one: in-app needs nothing else.</p>
        </Empty>
      )}
      {data !== null && data.data.length > 0 && (
        <Table caption="Channels" rows={data.data} keyOf={({ id }) => id} columns={columnsOf(app)} />
      )}
      <CopyAs
        call={{
          method: "GET",
          path: "/v3/business-messaging/api/channels",
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
    { title: "Type", cell: ({ type }) => <span class="word">{type.replace("_", "-")}</span> },
    {
      title: "State",
      cell: ({ enabled }) => (
        <span class={enabled ? "badge good" : "badge warn"}>{enabled ? "enabled" : "disabled"}</span>
      ),
    },
    { title: "Sends by", cell: sendsBy },
    { title: "Changed", cell: ({ updatedAt }) => <Time at={updatedAt} isAge /> },
  ];
}

function sendsBy({ type, providers }: Channel): string {
  if (type === "in_app") return "this service";
  if (type === "webhook") return "signed calls";
  const names = Object.entries(providers ?? {}).flatMap(([name, found]) => (found === null ? [] : [name]));
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
  const submit = (event: Event) => {
    event.preventDefault();
    making.run();
  };
  return (
    <form class="card stack" aria-label="A new channel" onSubmit={submit}>
      <h2>A new channel</h2>
      <div class="filters">
        <label class="field">
          <span>Name</span>
          <input
            class="input"
            required
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Type: it never changes</span>
          <select
            class="input"
            value={type}
            onChange={({ currentTarget: { value } }) =>
              setType(TYPES.find(([one]) => one === value)?.[0] ?? "in_app")
            }
          >
            {TYPES.map(([one, label]) => (
              <option key={one} value={one}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Key (made from the name where empty)</span>
          <input
            class="input mono"
            value={key}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
        </label>
      </div>
      {making.error !== null && <Failure error={making.error} />}
      <div class="row">
        <button type="submit" class="button main" disabled={making.isRunning}>
          Make the channel
        </button>
        <CopyAs
          call={{
            method: "POST",
            path: "/v3/business-messaging/api/channels",
            body,
            client: `channels.create(${JSON.stringify(body)})`,
          }}
        />
      </div>
    </form>
  );
}
