import { useState } from "preact/hooks";
import type { ApiKey } from "../../client/api-types.ts";
import { Confirm } from "../components/confirm.tsx";
import { Empty, Failure } from "../components/feedback.tsx";
import { Choices, Form, TextField } from "../components/fields.tsx";
import { LoadedTable } from "../components/loaded.tsx";
import { Page } from "../components/page.tsx";
import { Secret } from "../components/secret.tsx";
import type { Column } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { type Action, useAction, useLoad } from "../load.ts";
import { isOperator, operator } from "../session.ts";

const SCOPES = ["send", "read", "manage"] as const;
type Scope = (typeof SCOPES)[number];

/** The app's API keys, with the time of their last use. A new one is shown once. */
export default function ApiKeys({ app = "" }: { app?: string }) {
  const loaded = useLoad((signal) => operator.admin.keys(app, { signal }).page(), [app]);
  const revoking = useAction(async (id: string) => {
    await operator.admin.revokeKey(app, id);
    loaded.reload();
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
      <NewKey app={app} onMade={loaded.reload} />
      <LoadedTable
        loaded={loaded}
        problem={revoking.error}
        what="keys"
        caption="API keys"
        keyOf={({ id }) => id}
        columns={columnsOf(revoking)}
      >
        <Empty title="The app has no key">
          <p>Make one: without it nobody but the operator calls for the app.</p>
        </Empty>
      </LoadedTable>
    </Page>
  );
}

function columnsOf(revoking: Action<[id: string]>): Column<ApiKey>[] {
  return [
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
        <Confirm verb="Revoke" what={name} isRunning={revoking.isRunning} onConfirm={() => revoking.run(id)}>
          Whoever uses it is refused from now on{lastUsedAt === null ? ": nobody has so far." : "."}
        </Confirm>
      ),
    },
  ];
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
  return (
    <Form onSubmit={making.run}>
      <h2>A new key</h2>
      <div class="row">
        <TextField label="Name: who uses it" required value={name} onValue={setName} />
        <Choices all={SCOPES} chosen={scopes} onChosen={setScopes} />
        <button type="submit" class="button main" disabled={scopes.length === 0 || making.isRunning}>
          Make the key
        </button>
      </div>
      {making.error !== null && <Failure error={making.error} />}
      <Secret secret={made} name="key">
        It is shown this once. Keep it where your server's secrets are.
      </Secret>
    </Form>
  );
}
