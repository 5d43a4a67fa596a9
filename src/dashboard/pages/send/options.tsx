import type { SendOptions } from "../../../client/index.ts";
import { NumberField, type Option, SelectField, TextField } from "../../components/fields.tsx";

/** What a send may say beside template and users; empty: not said. */
export interface Options {
  title: string;
  tag: string;
  priority: "high" | "normal" | "low";
  expiresInHours: string;
}

export const NO_OPTIONS: Options = { title: "", tag: "", priority: "normal", expiresInHours: "" };
const PRIORITIES: readonly Option<Options["priority"]>[] = [
  ["high", "High"],
  ["normal", "Normal"],
  ["low", "Low"],
];
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
  const change = (changes: Partial<Options>) => onOptions({ ...options, ...changes });
  return (
    <fieldset class="card stack">
      <legend>How</legend>
      <div class="filters">
        <TextField
          label="Title (optional)"
          maxLength={256}
          value={options.title}
          onValue={(title) => change({ title })}
        />
        <TextField
          label="Tag (optional)"
          maxLength={256}
          value={options.tag}
          onValue={(tag) => change({ tag })}
        />
        <SelectField
          label="Priority"
          value={options.priority}
          options={PRIORITIES}
          onValue={(priority) => change({ priority })}
        />
        <NumberField
          label="Expires after, hours (24 where empty)"
          min={1}
          max={720}
          value={options.expiresInHours}
          onValue={(expiresInHours) => change({ expiresInHours })}
        />
      </div>
    </fieldset>
  );
}
