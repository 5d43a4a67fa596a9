import type { UrlState } from "../url-state.ts";

/** Filters stand in the address: each changes it, and a list begins anew. */

interface FilterProps {
  url: UrlState;
  name: string;
  label: string;
}

export function SelectFilter({
  url,
  name,
  label,
  options,
}: FilterProps & { options: readonly (readonly [value: string, shown: string])[] }) {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        class="input"
        value={url.get(name)}
        onChange={({ currentTarget }) => url.set({ [name]: currentTarget.value })}
      >
        {options.map(([value, shown]) => (
          <option key={value} value={value}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Taken over when it is left, or with the Enter key. */
export function TextFilter({ url, name, label, placeholder }: FilterProps & { placeholder?: string }) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="input"
        type="text"
        // A value that came by the address is shown, also where it came by a link.
        key={url.get(name)}
        defaultValue={url.get(name)}
        placeholder={placeholder}
        onChange={({ currentTarget }) => url.set({ [name]: currentTarget.value.trim() })}
      />
    </label>
  );
}

/** A day. */
export function DateFilter({ url, name, label }: FilterProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="input"
        type="date"
        value={url.get(name)}
        onChange={({ currentTarget }) => url.set({ [name]: currentTarget.value })}
      />
    </label>
  );
}
