import { TextField } from "../../components/fields.tsx";
import { QUOTA_LABELS, type QuotaTexts } from "./quotas.ts";

interface QuotaFieldsProps {
  texts: QuotaTexts;
  /** What each has where nothing is typed. */
  placeholderOf?(name: (typeof QUOTA_LABELS)[number][0]): string;
  onTexts(texts: QuotaTexts): void;
}

/** What an app may have. An empty field is the default. */
export function QuotaFields({ texts, placeholderOf, onTexts }: QuotaFieldsProps) {
  return (
    <div class="filters">
      {QUOTA_LABELS.map(([name, label]) => (
        <TextField
          key={name}
          label={label}
          inputMode="numeric"
          autocomplete="off"
          placeholder={placeholderOf?.(name) ?? "the default"}
          value={texts[name] ?? ""}
          onValue={(text) => onTexts({ ...texts, [name]: text })}
        />
      ))}
    </div>
  );
}
