import type { Webhook } from "../../../client/api-types.ts";
import { Choices, NumberField, TextField } from "../../components/fields.tsx";
import { useUnsaved } from "../../unsaved.ts";

const EVENTS = [
  "notification.accepted",
  "notification.completed",
  "notification.failed",
  "delivery.failed",
  "delivery.viewed",
  "delivery.clicked",
] as const satisfies readonly Webhook["events"][number][];

/** What an endpoint is told to be. */
export interface EndpointFields {
  url: string;
  description: string;
  events: readonly string[];
  eventsPerCall: number;
}

export const NEW_ENDPOINT: EndpointFields = {
  url: "",
  description: "",
  events: ["notification.completed"],
  eventsPerCall: 1,
};

/** The body of a call that makes or changes an endpoint. */
export function toBody({ url, description, events, eventsPerCall }: EndpointFields) {
  return {
    url: url.trim(),
    description: description.trim() === "" ? null : description.trim(),
    events: [...events],
    eventsPerCall,
  };
}

interface FieldsProps {
  fields: EndpointFields;
  /** As they are kept. */
  kept: EndpointFields;
  onFields(fields: EndpointFields): void;
}

/** An endpoint's fields: where it is, and what it hears of. */
export function Fields({ fields, kept, onFields }: FieldsProps) {
  useUnsaved(JSON.stringify(toBody(fields)) !== JSON.stringify(toBody(kept)));
  const change = (changes: Partial<EndpointFields>) => onFields({ ...fields, ...changes });
  const { url, description, events, eventsPerCall } = fields;
  return (
    <>
      <div class="filters wide">
        <TextField
          label="URL"
          isUrl
          required
          placeholder="https://hooks.shop.com/onecall"
          value={url}
          onValue={(value) => change({ url: value })}
        />
        <TextField
          label="Description"
          maxLength={256}
          value={description}
          onValue={(value) => change({ description: value })}
        />
        <NumberField
          label="Events a call, at most"
          min={1}
          max={100}
          required
          value={eventsPerCall}
          onValue={(value) => change({ eventsPerCall: Number(value) })}
        />
      </div>
      <fieldset class="card row">
        <legend>Events</legend>
        <Choices all={EVENTS} chosen={events} onChosen={(chosen) => change({ events: chosen })} />
      </fieldset>
    </>
  );
}
