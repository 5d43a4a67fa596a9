import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { parsedJson } from "../../http/route-input.ts";
import { MAX_GRACE_HOURS } from "../../model/limits.ts";
import { wholeNumberSchema } from "../../text/schemas.ts";

const HOUR_MS = 60 * 60 * 1000;
const GRACE_MESSAGE = `must be a whole number of hours from 0 to ${MAX_GRACE_HOURS}`;

/** How long the secret that is replaced goes on signing. */
const RotationSchema = v.pipe(
  v.object(
    { gracePeriodHours: v.optional(wholeNumberSchema(0, MAX_GRACE_HOURS, GRACE_MESSAGE), 24) },
    "must be a JSON object",
  ),
  v.transform(({ gracePeriodHours }) => ({ graceMs: gracePeriodHours * HOUR_MS })),
);

/** What a route is that replaces a secret of an app's. */
export const ROTATION = {
  method: "POST",
  access: byApiKey("manage"),
  body: parsedJson(RotationSchema, { isOptional: true }),
  errors: ["ERR_NOT_FOUND"],
} as const;
