import * as v from "valibot";
import { DEVICES } from "./addresses.ts";
import { named, TimeSchema } from "./schemas.ts";

const { providers } = DEVICES.address;

/** A device as every API shows it: a subscription's keys stay inside. */
export const DeviceSchema = named(
  "Device",
  v.union(
    providers.map(({ answer }) =>
      v.strictObject({ id: v.string(), ...answer, createdAt: TimeSchema, updatedAt: TimeSchema }),
    ),
  ),
);

/** What a registration may have; which of it must be there is a matter of the provider. */
export const DeviceBodySchema = named(
  "NewDevice",
  v.object({
    provider: v.picklist(providers.map(({ name }) => name)),
    ...Object.assign({}, ...providers.map(({ bodyFields }) => bodyFields)),
  }),
);
