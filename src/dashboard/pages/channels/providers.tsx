import { useState } from "preact/hooks";
import type { Channel, ShownProvider } from "../../../client/api-types.ts";
import { Confirm } from "../../components/confirm.tsx";
import { type CallExample, CopyAs } from "../../components/copy.tsx";
import { Fact, Facts } from "../../components/facts.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Form, LongTextField, TextField } from "../../components/fields.tsx";
import { useAction } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { type CredentialField, faultIn, PROVIDERS, type Provider, toCredentials } from "./credentials.ts";

interface ProvidersProps {
  app: string;
  channel: Channel;
  onSaved(): void;
}

/** By whom a push channel reaches devices. Private keys go in, and never come out. */
export function Providers({ app, channel, onSaved }: ProvidersProps) {
  return (
    <section class="stack" aria-label="Providers">
      <h2>Providers</h2>
      {PROVIDERS.map((provider) => (
        <OneProvider
          key={provider.name}
          app={app}
          channel={channel}
          provider={provider}
          shown={channel.providers?.[provider.name] ?? null}
          onSaved={onSaved}
        />
      ))}
    </section>
  );
}

interface OneProviderProps extends ProvidersProps {
  provider: Provider;
  shown: ShownProvider | null;
}

function OneProvider({ app, channel: { key }, provider, shown, onSaved }: OneProviderProps) {
  const { name, label } = provider;
  const setting = useAction(async (values: Readonly<Record<string, string>> | null) => {
    const credentials = values === null ? { [name]: null } : toCredentials(name, values);
    await clientOf(app).channels.update(key, { providers: credentials });
    onSaved();
  });
  return (
    <section class="card stack" aria-label={label}>
      <div class="row spread">
        <h3>{label}</h3>
        <span class={shown === null ? "badge" : "badge good"}>{shown === null ? "not set" : "set"}</span>
      </div>
      {shown !== null && <ShownCredentials shown={shown} />}
      {setting.error !== null && <Failure error={setting.error} />}
      {may("manage") && (
        <>
          <CredentialsForm
            // What was given is gone from the page once it is kept.
            key={shown?.fingerprint ?? ""}
            provider={provider}
            isSet={shown !== null}
            isRunning={setting.isRunning}
            onSave={setting.run}
          />
          <div class="row">
            {shown !== null && (
              <Confirm
                verb="Remove"
                what={label}
                isRunning={setting.isRunning}
                onConfirm={() => setting.run(null)}
              >
                Its devices get nothing from this channel until it is set again.
              </Confirm>
            )}
            <CopyAs call={exampleOf(key, provider)} />
          </div>
        </>
      )}
    </section>
  );
}

/** What may be shown of what was given. */
function ShownCredentials({ shown }: { shown: ShownProvider }) {
  return (
    <Facts>
      {Object.entries(shown).map(([field, value]) => (
        <Fact key={field} name={field}>
          <span class="mono small">{Array.isArray(value) ? value.join(", ") : value}</span>
        </Fact>
      ))}
    </Facts>
  );
}

function exampleOf(key: string, { name, example }: Provider): CallExample {
  const body = { providers: { [name]: example } };
  return {
    method: "PUT",
    path: `/channels/${key}`,
    body,
    client: `channels.update("${key}", ${JSON.stringify(body)})`,
  };
}

interface CredentialsFormProps {
  provider: Provider;
  isSet: boolean;
  isRunning: boolean;
  onSave(values: Readonly<Record<string, string>>): void;
}

function CredentialsForm({ provider, isSet, isRunning, onSave }: CredentialsFormProps) {
  const { name: providerName, label, fields } = provider;
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const fault = faultIn(providerName, values);
  return (
    <details>
      <summary>{isSet ? `Replace the credentials of ${label}` : `Set ${label}`}</summary>
      <Form class="stack" label={`Credentials of ${label}`} onSubmit={() => onSave(values)}>
        {fields.map((field) => (
          <CredentialInput
            key={field.name}
            field={field}
            value={values[field.name] ?? ""}
            onValue={(value) => setValues({ ...values, [field.name]: value })}
          />
        ))}
        {fault !== null && <p class="notice warn">{fault}</p>}
        <div>
          <button type="submit" class="button main" disabled={isRunning || fault !== null}>
            {isRunning ? "Trying them out …" : `Save ${label}`}
          </button>
        </div>
      </Form>
    </details>
  );
}

interface CredentialInputProps {
  field: CredentialField;
  value: string;
  onValue(value: string): void;
}

function CredentialInput({
  field: { label, isLong, isOptional = false },
  value,
  onValue,
}: CredentialInputProps) {
  const props = { label, value, onValue, isCode: true, required: !isOptional, autocomplete: "off" } as const;
  return isLong ? <LongTextField {...props} /> : <TextField {...props} />;
}
