import * as v from "valibot";

const ObjectSchema = v.looseObject({
  type: v.literal("object"),
  properties: v.record(v.string(), v.unknown()),
  required: v.optional(v.array(v.string()), []),
});
type ObjectShape = v.InferOutput<typeof ObjectSchema>;

/** Fields of one schema that make it the base of another, which has all of them and further ones. */
const MIN_SHARED_FIELDS = 4;

/** Named objects that have all fields of another: `interface WebhookWithSecret extends Webhook`. */
export function extendSchemas(schemas: Record<string, unknown>): Record<string, unknown> {
  const objects = Object.entries(schemas).flatMap(([name, schema]): [string, ObjectShape][] =>
    v.is(ObjectSchema, schema) ? [[name, v.parse(ObjectSchema, schema)]] : [],
  );
  const extended = objects.flatMap(([name, shape]) => {
    const bases = objects.filter(([other, base]) => other !== name && isBase(base, shape));
    const [widest] = bases.toSorted(([, one], [, two]) => fieldsOf(two).length - fieldsOf(one).length);
    return widest === undefined ? [] : [[name, extendShape(shape, ...widest)]];
  });
  return { ...schemas, ...Object.fromEntries(extended) };
}

const fieldsOf = ({ properties }: ObjectShape): string[] => Object.keys(properties);

function isBase(base: ObjectShape, shape: ObjectShape): boolean {
  const fields = fieldsOf(base);
  if (fields.length < MIN_SHARED_FIELDS || fields.length >= fieldsOf(shape).length) return false;
  return fields.every(
    (field) =>
      JSON.stringify(base.properties[field]) === JSON.stringify(shape.properties[field]) &&
      base.required.includes(field) === shape.required.includes(field),
  );
}

function extendShape(shape: ObjectShape, name: string, base: ObjectShape): object {
  const own = Object.entries(shape.properties).filter(([field]) => !(field in base.properties));
  return {
    ...shape,
    extends: { $ref: `#/components/schemas/${name}` },
    properties: Object.fromEntries(own),
    required: shape.required.filter((field) => !base.required.includes(field)),
  };
}
