import type { Draft, VariableRow, VariableType } from "./draft.ts";

const TYPES: readonly VariableType[] = ["string", "image", "action"];

interface SchemaEditorProps {
  draft: Draft;
  change(changes: Partial<Draft>): void;
}

/** The variables that a send gives values for. */
export function SchemaEditor({ draft: { variables }, change }: SchemaEditorProps) {
  const add = () => {
    const id = Math.max(-1, ...variables.map((row) => row.id)) + 1;
    const row: VariableRow = { id, name: "", type: "string", required: true, default: "" };
    change({ variables: [...variables, row] });
  };
  const changeRow = (changed: VariableRow) =>
    change({ variables: variables.map((row) => (row.id === changed.id ? changed : row)) });
  return (
    <fieldset class="card stack">
      <legend>Variables</legend>
      {variables.length === 0 && (
        <p class="quiet">
          None: everybody gets the same. A placeholder in the content needs one of its name.
        </p>
      )}
      {variables.map((row, index) => (
        <Row
          key={row.id}
          row={row}
          number={index + 1}
          onRow={changeRow}
          onRemove={() => change({ variables: variables.filter(({ id }) => id !== row.id) })}
        />
      ))}
      <div>
        <button type="button" class="button" onClick={add}>
          Add a variable
        </button>
      </div>
    </fieldset>
  );
}

interface RowProps {
  row: VariableRow;
  number: number;
  onRow(row: VariableRow): void;
  onRemove(): void;
}

function Row({ row, number, onRow, onRemove }: RowProps) {
  const { name, type, required, default: text } = row;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset in a fieldset's row would be two frames
    <div class="filters" role="group" aria-label={`Variable ${number}`}>
      <label class="field">
        <span>Name</span>
        <input
          class="input mono"
          value={name}
          onInput={({ currentTarget }) => onRow({ ...row, name: currentTarget.value.trim() })}
        />
      </label>
      <label class="field">
        <span>Type</span>
        <select
          class="input"
          value={type}
          onChange={({ currentTarget: { value } }) => {
            // A default of another type isn't one.
            const { kept: _, ...rest } = row;
            onRow({ ...rest, type: TYPES.find((one) => one === value) ?? "string" });
          }}
        >
          {TYPES.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      {type === "string" && (
        <label class="field">
          <span>Default (optional)</span>
          <input
            class="input"
            value={text}
            onInput={({ currentTarget }) => onRow({ ...row, default: currentTarget.value })}
          />
        </label>
      )}
      <div class="row">
        <label class="row">
          <input
            type="checkbox"
            checked={required}
            onChange={({ currentTarget }) => onRow({ ...row, required: currentTarget.checked })}
          />
          Required
        </label>
        <button
          type="button"
          class="button plain"
          aria-label={`Remove variable ${name || number}`}
          onClick={onRemove}
        >
          Remove
        </button>
      </div>
    </div>
  );
}
