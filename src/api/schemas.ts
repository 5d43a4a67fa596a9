import * as v from "valibot";
import { CHANNEL_TYPES } from "../channels/table.ts";
import { MODES, PRIORITIES } from "../model/notification.ts";

/** The words that many answers have. Schemas of answers are strict: what they don't name isn't answered. */

/** Gives a schema a name of its own in the OpenAPI document, one of a kind. */
export function named<S extends v.GenericSchema>(name: string, schema: S) {
  return v.pipe(schema, v.title(name));
}

/** UTC with milliseconds. */
export const TimeSchema = v.pipe(v.string(), v.isoTimestamp());
export const OpenTimeSchema = v.nullable(TimeSchema);
/** Unix ms. */
export const UnixTimeSchema = v.pipe(v.number(), v.integer());

export const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(0));
export const TextOrNullSchema = v.nullable(v.string());

/** An object that is somebody's own: any fields. */
export const AnyObjectSchema = v.record(v.string(), v.unknown());

export const ModeSchema = v.picklist(MODES);
export const PrioritySchema = v.picklist(PRIORITIES);
export const ChannelTypeSchema = v.picklist(CHANNEL_TYPES);

export function pageOf<S extends v.GenericSchema>(item: S) {
  return v.strictObject({ data: v.array(item), nextCursor: TextOrNullSchema });
}

/** What a deletion by id answers. */
export const DeletedSchema = v.strictObject({ id: v.string(), deleted: v.literal(true) });

/** A number by what is counted. */
const CountsByNameSchema = v.record(v.string(), CountSchema);

const ChannelCountsSchema = named(
  "ChannelCounts",
  v.strictObject({
    type: ChannelTypeSchema,
    total: CountSchema,
    delivered: CountSchema,
    failed: CountsByNameSchema,
    skipped: CountsByNameSchema,
    cancelled: CountSchema,
    pending: CountSchema,
    viewed: CountSchema,
    clicked: CountSchema,
  }),
);

/** By channel key: total = delivered + failed + skipped + cancelled + pending. */
export const CountsSchema = v.record(v.string(), ChannelCountsSchema);

export const ChannelRefSchema = named(
  "ChannelRef",
  v.strictObject({ key: v.string(), type: ChannelTypeSchema }),
);
