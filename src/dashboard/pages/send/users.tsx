import { useState } from "preact/hooks";
import { Failure } from "../../components/feedback.tsx";
import { LongTextField } from "../../components/fields.tsx";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { useSettled } from "../../use-settled.ts";

const IDS_LABEL = "User ids, one a line or with commas between; each gets one, however often it stands here";
const FOUND_AT_MOST = 8;

interface NamedUsersProps {
  app: string;
  /** As it was pasted. */
  text: string;
  picked: readonly string[];
  onText(text: string): void;
  onPicked(picked: readonly string[]): void;
}

/** Users by their ids: pasted, picked, or both. */
export function NamedUsers({ app, text, picked, onText, onPicked }: NamedUsersProps) {
  return (
    <>
      {may("read") && <Picker app={app} picked={picked} onPicked={onPicked} />}
      <LongTextField label={IDS_LABEL} isCode value={text} onValue={onText} />
    </>
  );
}

/** Each user once, in the order of the pick and the text. */
export function idsOf(picked: readonly string[], text: string): string[] {
  return [...new Set([...picked, ...text.split(/[\s,;]+/).filter((id) => id !== "")])];
}

type PickerProps = Pick<NamedUsersProps, "app" | "picked" | "onPicked">;

function Picker({ app, picked, onPicked }: PickerProps) {
  const [typed, setTyped] = useState("");
  const sought = useSettled(typed.trim());
  return (
    <section class="stack-tight" aria-label="Pick users">
      <label class="field">
        <span>Find users whose id or name begins with</span>
        <input
          class="input"
          type="search"
          autocomplete="off"
          value={typed}
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          onKeyDown={(event) => {
            // It finds; it doesn't send.
            if (event.key === "Enter") event.preventDefault();
          }}
        />
      </label>
      {sought !== "" && <Found {...{ app, picked, onPicked, sought }} />}
      {picked.length > 0 && (
        <ul class="chips" aria-label="Picked users">
          {picked.map((uid) => (
            <li key={uid} class="chip">
              {uid}
              <button
                type="button"
                class="button plain small"
                aria-label={`Remove ${uid}`}
                onClick={() => onPicked(picked.filter((one) => one !== uid))}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Found({ app, picked, onPicked, sought }: PickerProps & { sought: string }) {
  const { data, error, reload } = useLoad(
    (signal) => clientOf(app).users.list({ searchKey: sought, perPage: FOUND_AT_MOST }, { signal }).page(),
    [app, sought],
  );
  if (error !== null) return <Failure error={error} onRetry={reload} />;
  if (data === null) return null;
  const found = data.data.filter(({ uid }) => !picked.includes(uid));
  return (
    <div role="status">
      {data.data.length === 0 && (
        <p class="quiet">No user record begins so. An id of somebody without one can be pasted below.</p>
      )}
      <ul class="chips" aria-label="Found users">
        {found.map(({ uid, name }) => (
          <li key={uid}>
            <button
              type="button"
              class="button small"
              aria-label={name === uid ? `Add ${uid}` : `Add ${uid} ${name}`}
              onClick={() => onPicked([...picked, uid])}
            >
              {uid} {name !== uid && <span class="quiet">{name}</span>}
            </button>
          </li>
        ))}
      </ul>
      {data.nextCursor !== null && <p class="small quiet">There are more: go on typing.</p>}
    </div>
  );
}
