import * as v from "valibot";
import { WEBHOOKS } from "../../src/api/openapi/webhooks.ts";

const SCHEMAS = new Map(WEBHOOKS.map(({ type, schema }) => [type, schema]));

/** Throws where a call's body isn't, strictly, what the OpenAPI document says of its type. */
export function checkPayload(type: string, body: unknown): void {
  const schema = SCHEMAS.get(type);
  if (schema === undefined) throw new Error(`No webhook of the type "${type}" is documented`);
  const { issues } = v.safeParse(schema, body);
  if (issues === undefined) return;
  const faults = issues.map((issue) => `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
  throw new Error(`A call of "${type}" isn't as documented: ${faults.join("; ")}\n${JSON.stringify(body)}`);
}
