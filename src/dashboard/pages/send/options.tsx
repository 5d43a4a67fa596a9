import type { SendOptions } from "../../../client/index.ts";

/** What a send may say beside template and users; empty: not said. */
export interface Options {
  title: string;
  tag: string;
  priority: "high" | "normal" | "low";
  expiresInHours: string;
}

export const NO_OPTIONS: Options = { title: "", tag: "", priority: "normal", expiresInHours: "" };
const HOUR_MS = 3_600_000;

export function toSendOptions({ title, tag, priority, expiresInHours }: Options): SendOptions {
  return {
    priority,
    ...(title === "" ? {} : { title }),
    ...(tag === "" ? {} : { tag }),
    ...(expiresInHours === "" ? {} : { expiresAt: new Date(Date.now() + Number(expiresInHours) * HOUR_MS) }),
  };
}

interface OptionFieldsProps {
  options: Options;
  onOptions(options: Options): void;
}

export function OptionFields({ options, onOptions }: OptionFieldsProps) {
  return (
    <fieldset class="card stack">
      <legend>How</legend>
      <div class="filters">
        <label class="field">
          <span>Title (optional)</span>
          <input
            class="input"
            maxLength={256}
            value={options.title}
            onInput={({ currentTarget }) => onOptions({ ...options, title: currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Tag (optional)</span>
          <input
            class="input"
            maxLength={256}
            value={options.tag}
            onInput={({ currentTarget }) => onOptions({ ...options, tag: currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Priority</span>
          <select
            class="input"
            value={options.priority}
            onChange={({ currentTarget: { value } }) =>
              onOptions({ ...options, priority: value === "high" || value === "low" ? value : "normal" })
            }
          >
            <option value="high">High</option>
            <option value="normal">Normal</option>
            <option value="low">Low</option>
          </select>
        </label>
        <label class="field">
          <span>Expires after, hours (24 where empty)</span>
          <input
            class="input"
            type="number"
            min={1}
            max={720}
            value={options.expiresInHours}
            onInput={({ currentTarget }) => onOptions({ ...options, expiresInHours: currentTarget.value })}
          />
        </label>
      </div>
    </fieldset>
  );
}
