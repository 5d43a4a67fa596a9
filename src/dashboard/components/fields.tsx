import type { ComponentChildren, ComponentProps } from "preact";

/** A form and its fields: each with its label, and what stands in it. */

interface FormProps {
  /** For whoever can't see its heading. */
  label?: string;
  class?: string;
  onSubmit(): void;
  children: ComponentChildren;
}

/** A form whose work a script does. */
export function Form({ label, class: name = "card stack", onSubmit, children }: FormProps) {
  const submit = (event: Event) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form class={name} aria-label={label} onSubmit={submit}>
      {children}
    </form>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onValue(value: string): void;
}

type InputProps = Pick<
  ComponentProps<"input">,
  "required" | "maxLength" | "placeholder" | "inputMode" | "autocomplete"
>;

/** A text of one line. */
export function TextField({
  label,
  value,
  onValue,
  isUrl = false,
  isCode = false,
  ...input
}: FieldProps & InputProps & { isUrl?: boolean; isCode?: boolean }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        {...input}
        {...(isUrl ? ({ type: "url" } as const) : ({ type: "text" } as const))}
        class={isCode ? "input mono" : "input"}
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

interface NumberFieldProps {
  label: string;
  value: string | number;
  min: number;
  max: number;
  required?: boolean;
  onValue(value: string): void;
}

export function NumberField({ label, onValue, ...input }: NumberFieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        {...input}
        class="input"
        type="number"
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

/** A day and a time of it, of the zone that times are shown in; the browser's own picker. */
export function TimeField({ label, value, onValue }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="input"
        type="datetime-local"
        required
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

type LongTextProps = Pick<ComponentProps<"textarea">, "required" | "rows" | "autocomplete" | "aria-invalid">;

/** Of several lines, such as JSON. */
export function LongTextField({
  label,
  value,
  onValue,
  isCode = false,
  ...textarea
}: FieldProps & LongTextProps & { isCode?: boolean }) {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        {...textarea}
        class={isCode ? "input mono" : "input"}
        spellcheck={!isCode}
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

export type Option<Value extends string> = readonly [value: Value, shown: string];

interface SelectFieldProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly Option<Value>[];
  onValue(value: NoInfer<Value>): void;
}

/** One of a few. */
export function SelectField<Value extends string>({
  label,
  value,
  options,
  onValue,
}: SelectFieldProps<Value>) {
  const choose = (text: string) => {
    const chosen = options.find(([one]) => one === text);
    if (chosen !== undefined) onValue(chosen[0]);
  };
  return (
    <label class="field">
      <span>{label}</span>
      <select class="input" value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {options.map(([one, shown]) => (
          <option key={one} value={one}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CheckFieldProps {
  isChecked: boolean;
  isDisabled?: boolean;
  onCheck(isChecked: boolean): void;
  children: ComponentChildren;
}

export function CheckField({ isChecked, isDisabled = false, onCheck, children }: CheckFieldProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isChecked}
        disabled={isDisabled}
        onChange={({ currentTarget }) => onCheck(currentTarget.checked)}
      />
      {children}
    </label>
  );
}

interface ChoicesProps<Value extends string> {
  all: readonly Value[];
  chosen: readonly string[];
  /** Those that are chosen now, in the order of all. */
  onChosen(chosen: NoInfer<Value>[]): void;
}

/** Any of a few. */
export function Choices<Value extends string>({ all, chosen, onChosen }: ChoicesProps<Value>) {
  return all.map((value) => (
    <CheckField
      key={value}
      isChecked={chosen.includes(value)}
      onCheck={(isChecked) =>
        onChosen(all.filter((one) => (one === value ? isChecked : chosen.includes(one))))
      }
    >
      {value}
    </CheckField>
  ));
}
