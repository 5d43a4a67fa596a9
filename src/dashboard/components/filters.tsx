import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import type { UrlState } from "../url-state.ts";
import { Empty } from "./feedback.tsx";
import { Form, type Option, SelectField } from "./fields.tsx";

/** Filters stand in the address: each changes it, and a list begins anew. */

export function Filters({ label = "Filters", children }: { label?: string; children: ComponentChildren }) {
  return (
    <Form class="filters" label={label} onSubmit={() => {}}>
      {children}
    </Form>
  );
}

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
}: FilterProps & { options: readonly Option<string>[] }) {
  return (
    <SelectField
      label={label}
      value={url.get(name)}
      options={options}
      onValue={(value) => url.set({ [name]: value })}
    />
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

/** A page of a list that nothing is on: the service looks through so many rows a page, and others may fit. */
export function NothingFits({ title, hasMore }: { title: string; hasMore: boolean }) {
  const { path } = useLocation();
  return (
    <Empty title={title}>
      {hasMore ? (
        <p>Others may: go on with the next page.</p>
      ) : (
        <p>
          Take a filter away, or widen it. <a href={path}>Take all away</a>
        </p>
      )}
    </Empty>
  );
}
