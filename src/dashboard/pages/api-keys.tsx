import { useState } from "preact/hooks";
import { Confirm } from "../components/confirm.tsx";
import { CopyButton } from "../components/copy.tsx";
import { Empty, Failure, Loading } from "../components/feedback.tsx";
import { Page } from "../components/page.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { useAction, useLoad } from "../load.ts";
import { isOperator, operator } from "../session.ts";

const SCOPES = ["send", "read", "manage"] as const;
type Scope = (typeof SCOPES)[number];

/** The app's API keys, with the time of their last use. A new one is shown once. */
export default function ApiKeys({ app = "" }: { app?: string }) {
  const { data, error, isLoading, reload } = useLoad(
    (signal) => operator.admin.keys(app, { signal }).page(),
    [app],
  );
  const revoking = useAction(async (id: string) => {
    await operator.admin.revokeKey(app, id);
    reload();
  });
  if (!isOperator()) {
    return (
      <Page title="API keys">
        <Empty title="Only the operator manages keys">
          <p>Sign in with the admin token, or ask the operator for a key.</p>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title="API keys">
      <NewKey app={app} onMade={reload} />
      {(error ?? revoking.error) !== null && <Failure error={error ?? revoking.error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="keys" />}
      {data !== null && (
        <Table
          caption="API keys"
          rows={data.data}
          keyOf={({ id }) => id}
          columns={[
            {
              title: "Name",
              cell: ({ name, key }) => (
                <>
                  {name}
                  <div class="small quiet mono">{key}</div>
                </>
              ),
            },
            { title: "May", cell: ({ scopes }) => scopes.join(", ") },
            { title: "Made", cell: ({ createdAt }) => <Time at={createdAt} /> },
            {
              title: "Last used",
              cell: ({ lastUsedAt }) => (lastUsedAt === null ? "never" : <Time at={lastUsedAt} isAge />),
            },
            {
              title: "Action",
              cell: ({ id, name, lastUsedAt }) => (
                <Confirm
                  verb="Revoke"
                  what={name}
                  isRunning={revoking.isRunning}
                  onConfirm={() => revoking.run(id)}
                >
                  Whoever uses it is refused from now on{lastUsedAt === null ? ": nobody has so far." : "."}
                </Confirm>
              ),
            },
          ]}
        />
      )}
    </Page>
  );
}

function NewKey({ app, onMade }: { app: string; onMade: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly Scope[]>(["send"]);
  const [made, setMade] = useState<string | null>(null);
  const making = useAction(async () => {
    setMade((await operator.admin.createKey(app, { name, scopes: [...scopes] })).apiKey);
    setName("");
    onMade();
  });
  const submit = (event: Event) => {
    event.preventDefault();
    making.run();
  };
  return (
    <form class="card stack" onSubmit={submit}>
      <h2>A new key</h2>
      <div class="row">
        <label class="field">
          <span>Name: who uses it</span>
          <input
            class="input"
            required
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        {SCOPES.map((scope) => (
          <label key={scope} class="row">
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              onChange={({ currentTarget: { checked } }) =>
                setScopes(SCOPES.filter((one) => (one === scope ? checked : scopes.includes(one))))
              }
            />
            {scope}
          </label>
        ))}
        <button type="submit" class="button main" disabled={scopes.length === 0 || making.isRunning}>
          Make the key
        </button>
      </div>
      {making.error !== null && <Failure error={making.error} />}
      <div role="status">
        {made !== null && (
          <div class="notice good">
            <span>It is shown this once. Keep it where your server's secrets are.</span>
            <span class="row">
              <code>{made}</code>
              <CopyButton text={made} label="Copy the key" />
            </span>
          </div>
        )}
      </div>
    </form>
  );
}
