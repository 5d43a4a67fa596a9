import { useState } from "preact/hooks";
import type { Channel, ShownProvider } from "../../../client/api-types.ts";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
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
      {shown !== null && (
        <dl class="facts">
          {Object.entries(shown).map(([field, value]) => (
            <div key={field}>
              <dt>{field}</dt>
              <dd class="mono small">{Array.isArray(value) ? value.join(", ") : value}</dd>
            </div>
          ))}
        </dl>
      )}
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
            <CopyAs
              call={{
                method: "PUT",
                path: `/v3/business-messaging/api/channels/${key}`,
                body: { providers: { [name]: provider.example } },
                client: `channels.update("${key}", ${JSON.stringify({ providers: { [name]: provider.example } })})`,
              }}
            />
          </div>
        </>
      )}
    </section>
  );
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
  const submit = (event: Event) => {
    event.preventDefault();
    onSave(values);
  };
  return (
    <details>
      <summary>{isSet ? `Replace the credentials of ${label}` : `Set ${label}`}</summary>
      <form class="stack" aria-label={`Credentials of ${label}`} onSubmit={submit}>
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
      </form>
    </details>
  );
}

interface CredentialInputProps {
  field: CredentialField;
  value: string;
  onValue(value: string): void;
}

function CredentialInput({ field: { label, isLong, isOptional }, value, onValue }: CredentialInputProps) {
  const change = ({ currentTarget }: { currentTarget: { value: string } }) => onValue(currentTarget.value);
  if (isLong) {
    return (
      <label class="field">
        <span>{label}</span>
        <textarea
          class="input mono"
          required
          spellcheck={false}
          autocomplete="off"
          value={value}
          onInput={change}
        />
      </label>
    );
  }
  return (
    <label class="field">
      <span>{label}</span>
      <input class="input mono" required={!isOptional} autocomplete="off" value={value} onInput={change} />
    </label>
  );
}
