/** Reads the names of fields off declared schemas. Without imports, so that Node can run it beside the Worker. */

interface Schema {
  entries?: Record<string, unknown>;
  wrapped?: unknown;
  options?: readonly unknown[];
  pipe?: readonly unknown[];
}

/** Every field that a body or a query of these routes may have at its first level, once each. */
export function fieldsOf(routes: readonly { body: { schema: unknown } | null; query: unknown }[]): string[] {
  return [
    ...new Set(routes.flatMap(({ body, query }) => [...namesIn(body?.schema), ...namesIn(query)])),
  ].sort();
}

function namesIn(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { entries, wrapped, options = [], pipe = [] }: Schema = schema;
  // A pipe's own fields are those of its first schema.
  const inner = entries === undefined ? [wrapped, ...options, ...pipe] : [];
  return [...Object.keys(entries ?? {}), ...inner.flatMap(namesIn)];
}
