import { useState } from "preact/hooks";
import type { ApiKey } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Empty, Failure } from "../../components/feedback.tsx";
import { Choices, Form, TextField } from "../../components/fields.tsx";
import { LoadedTable } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { Secret } from "../../components/secret.tsx";
import type { Column } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useAction, useLoad } from "../../load.ts";
import { isOperator, operator } from "../../session.ts";
import { Revoke } from "./revoke.tsx";

const SCOPES = ["send", "read", "manage"] as const;
type Scope = (typeof SCOPES)[number];

/** The app's API keys, with the time of their last use. A new one is shown once. */
export default function ApiKeys({ app = "" }: { app?: string }) {
  if (!isOperator()) {
    return (
      <Page title="API keys">
        <Empty title="Only the operator manages keys">
          <p>Sign in with the admin token, or ask the operator for a key.</p>
        </Empty>
      </Page>
    );
  }
  return <AllKeys app={app} />;
}

function AllKeys({ app }: { app: string }) {
  const loaded = useLoad((signal) => operator.admin.keys(app, { signal }).page(), [app]);
  return (
    <Page title="API keys">
      <NewKey app={app} onMade={loaded.reload} />
      <LoadedTable
        loaded={loaded}
        what="keys"
        caption="API keys"
        keyOf={({ id }) => id}
        columns={columnsOf(app, loaded.reload)}
      >
        <Empty title="The app has no key">
          <p>Make one: without it nobody but the operator calls for the app.</p>
        </Empty>
      </LoadedTable>
      <CopyAs
        what="the list"
        call={{
          method: "GET",
          isAdmin: true,
          path: `/admin/apps/${encodeURIComponent(app)}/keys`,
          client: `admin.keys(${JSON.stringify(app)}).page()`,
        }}
      />
    </Page>
  );
}

function columnsOf(app: string, onRevoked: () => void): Column<ApiKey>[] {
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
    { title: "May", cell: ({ scopes }) => <span class="word">{scopes.join(", ")}</span> },
    { title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      title: "Last used",
      cell: ({ lastUsedAt, scopes, uses }) => (
        <>
          {lastUsedAt === null ? "never" : <Time at={lastUsedAt} isAge />}
          {lastUsedAt !== null && (
            <div class="small quiet">to {scopes.filter((scope) => uses[scope] !== null).join(", ")}</div>
          )}
        </>
      ),
    },
    {
      title: "Action",
      cell: (apiKey) => <Revoke app={app} apiKey={apiKey} onRevoked={onRevoked} />,
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
      <TextField label="Name: who uses it" required value={name} onValue={setName} />
      <fieldset class="stack-tight plain">
        <legend class="small">It may</legend>
        <Choices all={SCOPES} chosen={scopes} onChosen={setScopes} />
        <p class="small quiet">
          “send” sends, retries and uploads CSVs; “read” sees users, notifications and figures; “manage”
          changes templates, channels, users and webhooks, and sees the audit log.
        </p>
      </fieldset>
      <div class="row">
        <button type="submit" class="button main" disabled={scopes.length === 0 || making.isRunning}>
          Make the key
        </button>
        <CopyAs
          what="making the key"
          call={{
            method: "POST",
            isAdmin: true,
            path: `/admin/apps/${encodeURIComponent(app)}/keys`,
            body: { name, scopes },
            client: `admin.createKey(${JSON.stringify(app)}, ${JSON.stringify({ name, scopes })})`,
          }}
        />
      </div>
      {making.error !== null && <Failure error={making.error} />}
      <Secret secret={made} name="key">
        It is shown this once. Keep it where your server's secrets are.
      </Secret>
    </Form>
  );
}
