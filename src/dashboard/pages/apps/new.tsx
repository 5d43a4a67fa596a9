import { useState } from "preact/hooks";
import type { NewApp as MadeApp } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { CheckField, Form, NumberField, TextField } from "../../components/fields.tsx";
import { Secret } from "../../components/secret.tsx";
import { useAction } from "../../load.ts";
import { operator } from "../../session.ts";
import { QuotaFields } from "./quota-fields.tsx";
import { type QuotaTexts, toQuotas } from "./quotas.ts";

const NOTHING = { name: "", id: "", shardCount: "64", foldsUserIds: true };

interface NewAppProps {
  onMade(): void;
  onOpen(id: string): void;
}

/** Makes an app. Its first key is shown once. */
export function NewApp({ onMade, onOpen }: NewAppProps) {
  const [fields, setFields] = useState(NOTHING);
  const [texts, setTexts] = useState<QuotaTexts>({});
  const [made, setMade] = useState<MadeApp | null>(null);
  const body = toBody(fields);
  const making = useAction(async () => {
    setMade(null);
    const app = await operator.admin.createApp(body);
    // Shown whatever becomes of the quotas: no other answer has the key.
    setMade(app);
    onMade();
    const quotas = toQuotas(texts);
    if (Object.keys(quotas).length > 0) await operator.admin.updateApp(app.id, { quotas });
    setFields(NOTHING);
    setTexts({});
  });
  return (
    <Form label="A new app" onSubmit={making.run}>
      <h2>A new app</h2>
      <NewAppFields fields={fields} onFields={setFields} />
      <details>
        <summary>Quotas</summary>
        <QuotaFields texts={texts} onTexts={setTexts} />
      </details>
      <div class="row">
        <button type="submit" class="button main" disabled={making.isRunning}>
          Make the app
        </button>
        <CopyAs
          what="making the app"
          call={{
            method: "POST",
            isAdmin: true,
            path: "/admin/apps",
            body,
            client: `admin.createApp(${JSON.stringify(body)})`,
          }}
        />
      </div>
      {making.error !== null && <Failure error={making.error} />}
      <Made app={made} onOpen={onOpen} />
    </Form>
  );
}

interface FieldsProps {
  fields: typeof NOTHING;
  onFields(fields: typeof NOTHING): void;
}

function NewAppFields({ fields, onFields }: FieldsProps) {
  return (
    <>
      <div class="filters wide">
        <TextField
          label="Name"
          required
          maxLength={128}
          value={fields.name}
          onValue={(name) => onFields({ ...fields, name })}
        />
        <TextField
          label="Id (made of the name where empty)"
          isCode
          autocomplete="off"
          value={fields.id}
          onValue={(id) => onFields({ ...fields, id })}
        />
        <NumberField
          label="User shards, 16 to 1,024: they never change"
          min={16}
          max={1024}
          required
          value={fields.shardCount}
          onValue={(shardCount) => onFields({ ...fields, shardCount })}
        />
      </div>
      <CheckField
        isChecked={fields.foldsUserIds}
        onCheck={(foldsUserIds) => onFields({ ...fields, foldsUserIds })}
      >
        User ids that differ in case only, such as “Mia” and “mia”, are one user: this never changes
      </CheckField>
    </>
  );
}

function Made({ app, onOpen }: { app: MadeApp | null; onOpen: (id: string) => void }) {
  return (
    <>
      <Secret secret={app?.apiKey ?? null} name="key">
        {`${app?.name} is made. Its first key may do everything, and is shown this once.`}
      </Secret>
      {app !== null && (
        <div>
          <button type="button" class="button" onClick={() => onOpen(app.id)}>
            Open {app.name}
          </button>
        </div>
      )}
    </>
  );
}

function toBody({ name, id, shardCount, foldsUserIds }: typeof NOTHING) {
  return { name, ...(id === "" ? {} : { id }), shardCount: Number(shardCount), foldsUserIds };
}
