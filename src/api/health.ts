import * as v from "valibot";
import { findVariableFaults } from "../env.ts";
import { ANYBODY } from "../http/access.ts";
import { json } from "../http/responses.ts";
import { defineRoute } from "../http/route.ts";
import { ANY_QUERY } from "../http/route-input.ts";
import { HEALTH_PATH } from "./paths.ts";
import { named } from "./schemas.ts";

const BindingSchema = v.boolean();
const HealthSchema = named(
  "Health",
  v.strictObject({
    status: v.picklist(["ok", "error"]),
    bindings: v.strictObject({
      kv: BindingSchema,
      r2: BindingSchema,
      queues: BindingSchema,
      durableObjects: BindingSchema,
    }),
    // What is wrong, by the variable's name.
    variables: v.optional(v.record(v.string(), v.string())),
  }),
);

export const getHealth = defineRoute({
  id: "getHealth",
  method: "GET",
  path: HEALTH_PATH,
  access: ANYBODY,
  summary: "That the Worker answers, and with which bindings",
  query: ANY_QUERY,
  answers: { 200: HealthSchema, 503: HealthSchema },
  handle: async ({ env }) => {
    const bindings = {
      kv: env.CONFIG !== undefined,
      r2: env.TARGETS !== undefined,
      queues: [env.DELIVERIES_HIGH, env.DELIVERIES_NORMAL, env.DELIVERIES_LOW].every(
        (queue) => queue !== undefined,
      ),
      durableObjects: [env.REGISTRY, env.LEDGER, env.USER_SHARD, env.WEBHOOK_ENDPOINT].every(
        (binding) => binding !== undefined,
      ),
    };
    const faults = findVariableFaults(env);
    if (faults.length === 0 && Object.values(bindings).every((isThere) => isThere)) {
      return json({ status: "ok", bindings });
    }
    const variables = Object.fromEntries(faults.map(({ name, message }) => [name, message]));
    return json({ status: "error", bindings, variables }, 503);
  },
});
