import type { Webhook } from "../../../client/api-types.ts";

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
  onFields(fields: EndpointFields): void;
}

/** An endpoint's fields: where it is, and what it hears of. */
export function Fields({ fields, onFields }: FieldsProps) {
  const { url, description, events, eventsPerCall } = fields;
  return (
    <>
      <div class="filters">
        <label class="field">
          <span>URL</span>
          <input
            class="input"
            type="url"
            required
            placeholder="https://hooks.shop.com/onecall"
            value={url}
            onInput={({ currentTarget }) => onFields({ ...fields, url: currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Description</span>
          <input
            class="input"
            maxLength={256}
            value={description}
            onInput={({ currentTarget }) => onFields({ ...fields, description: currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Events a call, at most</span>
          <input
            class="input"
            type="number"
            min={1}
            max={100}
            required
            value={eventsPerCall}
            onInput={({ currentTarget }) =>
              onFields({ ...fields, eventsPerCall: Number(currentTarget.value) })
            }
          />
        </label>
      </div>
      <fieldset class="card row">
        <legend>Events</legend>
        {EVENTS.map((event) => (
          <label key={event} class="row">
            <input
              type="checkbox"
              checked={events.includes(event)}
              onChange={({ currentTarget: { checked } }) =>
                onFields({
                  ...fields,
                  events: EVENTS.filter((one) => (one === event ? checked : events.includes(one))),
                })
              }
            />
            {event}
          </label>
        ))}
      </fieldset>
    </>
  );
}
