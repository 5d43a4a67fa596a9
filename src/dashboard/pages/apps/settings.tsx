import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { AppWithQuotas } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Fact, Facts } from "../../components/facts.tsx";
import { Empty, Failure } from "../../components/feedback.tsx";
import { Form, TextField } from "../../components/fields.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { formatNumber } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { closeApp, isOperator, operator } from "../../session.ts";
import { QuotaFields } from "./quota-fields.tsx";
import { QUOTA_LABELS, type QuotaTexts, toQuotas } from "./quotas.ts";

/** An app as its operator keeps it: what it may have, and its end. */
export default function AppSettings({ app = "" }: { app?: string }) {
  if (!isOperator()) {
    return (
      <Page title="App">
        <Empty title="Only the operator changes an app">
          <p>Sign in with the admin token.</p>
        </Empty>
      </Page>
    );
  }
  return <Settings app={app} />;
}

function Settings({ app }: { app: string }) {
  const loaded = useLoad((signal) => operator.admin.app(app, { signal }), [app]);
  return (
    <Page title="App">
      <WhenLoaded loaded={loaded} what="the app">
        {(found) => (
          <>
            <Facts>
              <Fact name="Name">{found.name}</Fact>
              <Fact name="Id">
                <code>{found.id}</code>
              </Fact>
              <Fact name="User shards">{formatNumber(found.shardCount)}</Fact>
              <Fact name="User ids">
                {found.foldsUserIds ? "“Mia” and “mia” are one user" : "“Mia” and “mia” are two users"}
              </Fact>
              <Fact name="Created">
                <Time at={found.createdAt} />
              </Fact>
            </Facts>
            <Quotas app={found} onSaved={loaded.reload} />
            <Erase app={found} />
          </>
        )}
      </WhenLoaded>
    </Page>
  );
}

function Quotas({ app, onSaved }: { app: AppWithQuotas; onSaved: () => void }) {
  const [texts, setTexts] = useState<QuotaTexts>({});
  const quotas = toQuotas(texts);
  const saving = useAction(async () => {
    await operator.admin.updateApp(app.id, { quotas });
    setTexts({});
    onSaved();
  });
  return (
    <Form label="Quotas" onSubmit={saving.run}>
      <h2>Quotas</h2>
      <QuotaTable quotas={app.quotas} />
      <p class="quiet small">
        Fill in what is to change; a field that is filled in and emptied again sets the default. A lower limit
        takes nothing away that is there already.
      </p>
      <QuotaFields
        texts={texts}
        placeholderOf={(name) => formatNumber(app.quotas[name].limit)}
        onTexts={setTexts}
      />
      {saving.error !== null && <Failure error={saving.error} />}
      <div class="row">
        <button
          type="submit"
          class="button main"
          disabled={saving.isRunning || Object.keys(quotas).length === 0}
        >
          Save the quotas
        </button>
        <CopyAs
          what="the quotas"
          call={{
            method: "PUT",
            isAdmin: true,
            path: `/admin/apps/${encodeURIComponent(app.id)}`,
            body: { quotas },
            client: `admin.updateApp(${JSON.stringify(app.id)}, ${JSON.stringify({ quotas })})`,
          }}
        />
      </div>
    </Form>
  );
}

function QuotaTable({ quotas }: Pick<AppWithQuotas, "quotas">) {
  return (
    <Table
      caption="Quotas"
      rows={QUOTA_LABELS}
      keyOf={([name]) => name}
      columns={[
        { title: "Quota", cell: ([, label]) => label },
        { title: "Used", isNumber: true, cell: ([name]) => formatUsed(quotas[name].used) },
        { title: "Limit", isNumber: true, cell: ([name]) => formatNumber(quotas[name].limit) },
      ]}
    />
  );
}

function formatUsed(used: number | null): string {
  return used === null ? "not counted" : formatNumber(used);
}

function Erase({ app: { id, name } }: { app: AppWithQuotas }) {
  const { route } = useLocation();
  const [typed, setTyped] = useState("");
  const erasing = useAction(async () => {
    await operator.admin.deleteApp(id, { name: typed });
    closeApp();
    route(`/dashboard/apps?erasing=${encodeURIComponent(id)}`);
  });
  return (
    <Form label="Erase the app" onSubmit={erasing.run}>
      <h2>Erase the app</h2>
      <p>
        It closes at once, and all of it is erased: users, devices, feeds, notifications, counts, templates,
        files, keys, its audit log. Nothing brings it back, and its id is never given again.
      </p>
      <TextField
        label={`Type the app's name, ${name}, to erase it`}
        autocomplete="off"
        value={typed}
        onValue={setTyped}
      />
      {erasing.error !== null && <Failure error={erasing.error} />}
      <div class="row">
        <button type="submit" class="button danger" disabled={typed !== name || erasing.isRunning}>
          Erase {name} for ever
        </button>
        <CopyAs
          what="the erasure"
          call={{
            method: "DELETE",
            isAdmin: true,
            path: `/admin/apps/${encodeURIComponent(id)}`,
            body: { name },
            client: `admin.deleteApp(${JSON.stringify(id)}, ${JSON.stringify({ name })})`,
          }}
        />
      </div>
    </Form>
  );
}
