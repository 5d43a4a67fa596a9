import { CheckField, type Option, SelectField, TextField } from "../../components/fields.tsx";
import type { Draft, VariableRow, VariableType } from "./draft.ts";

const TYPES: readonly Option<VariableType>[] = [
  ["string", "string"],
  ["image", "image"],
  ["action", "action"],
];

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
  const changeType = (changed: VariableType) => {
    // A default of another type isn't one.
    const { kept: _, ...rest } = row;
    onRow({ ...rest, type: changed });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset in a fieldset's row would be two frames
    <div class="filters" role="group" aria-label={`Variable ${number}`}>
      <TextField
        label="Name"
        isCode
        value={name}
        onValue={(value) => onRow({ ...row, name: value.trim() })}
      />
      <SelectField label="Type" value={type} options={TYPES} onValue={changeType} />
      {type === "string" && (
        <TextField
          label="Default (optional)"
          value={text}
          onValue={(value) => onRow({ ...row, default: value })}
        />
      )}
      <div class="row at-field">
        <CheckField isChecked={required} onCheck={(isChecked) => onRow({ ...row, required: isChecked })}>
          Required
        </CheckField>
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
