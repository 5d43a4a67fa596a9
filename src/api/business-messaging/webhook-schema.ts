import * as v from "valibot";
import { type Bindings, readConfig } from "../../env.ts";
import { checkInput, listSchema, textSchema, type UnknownFields } from "../../http/validation.ts";
import { faultsToError } from "../../model/errors.ts";
import { WEBHOOK_EVENTS } from "../../model/events.ts";
import { MAX_EVENTS_PER_CALL, MAX_NAMES } from "../../model/limits.ts";
import { findUrlFault } from "../../outbound/public-url.ts";
import { choiceSchema, wholeNumberSchema } from "../../text/schemas.ts";
import { WebhookSchema } from "./settings-answers.ts";

const BODY_MESSAGE = "must be a JSON object";
const URL_MESSAGE = "must be an https URL";
const ENABLED_MESSAGE = "must be true or false";
const EVENTS_MESSAGE = `must be a list of at least one of: ${WEBHOOK_EVENTS.join(", ")}`;

const PER_CALL_MESSAGE = `must be a whole number from 1 to ${MAX_EVENTS_PER_CALL}`;

const UrlSchema = v.string(URL_MESSAGE);
const EventsSchema = v.pipe(
  listSchema(choiceSchema(WEBHOOK_EVENTS), EVENTS_MESSAGE, MAX_NAMES),
  v.minLength(1, EVENTS_MESSAGE),
  v.transform((events) => WEBHOOK_EVENTS.filter((event) => events.includes(event))),
);

const EventsPerCallSchema = wholeNumberSchema(1, MAX_EVENTS_PER_CALL, PER_CALL_MESSAGE);

export const NewWebhookSchema = v.object(
  {
    url: UrlSchema,
    description: v.nullish(textSchema(256), null),
    events: EventsSchema,
    eventsPerCall: v.optional(EventsPerCallSchema, 1),
    enabled: v.optional(v.boolean(ENABLED_MESSAGE), true),
  },
  BODY_MESSAGE,
);

export const WebhookChangeSchema = v.object(
  {
    url: v.optional(UrlSchema),
    description: v.nullish(textSchema(256)),
    events: v.optional(EventsSchema),
    eventsPerCall: v.optional(EventsPerCallSchema),
    enabled: v.optional(v.boolean(ENABLED_MESSAGE)),
  },
  BODY_MESSAGE,
);

/** Where the Worker runs and answers: its own URL is nobody's webhook. */
interface Place {
  env: Bindings;
  url: URL;
}

/** A new endpoint in a body; throws with every fault. */
export function parseNewWebhook(body: unknown, place: Place): v.InferOutput<typeof NewWebhookSchema> {
  return parse(NewWebhookSchema, body, place, "refused");
}

/** A change of an endpoint in a body: what is absent stays; throws with every fault. */
export function parseWebhookChange(body: unknown, place: Place): v.InferOutput<typeof WebhookChangeSchema> {
  return parse(WebhookChangeSchema, body, place, { readBack: WebhookSchema });
}

// The URL is checked in the body itself: its fault belongs in the answer also where the schema found others.
function parse<S extends v.GenericSchema>(
  schema: S,
  body: unknown,
  { env, url }: Place,
  unknownFields: UnknownFields,
): v.InferOutput<S> {
  const { value, faults } = checkInput(schema, body, unknownFields);
  const given = (body as { url?: unknown } | null)?.url;
  if (typeof given === "string") {
    const { allowLoopback } = readConfig(env).push;
    const fault = findUrlFault(given, { ownOrigins: [url.origin], allowLoopback });
    if (fault !== null) faults.push({ field: "url", message: fault });
  }
  if (faults.length > 0 || value === null) throw faultsToError(faults);
  return value;
}
