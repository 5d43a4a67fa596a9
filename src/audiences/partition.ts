import type { UserPlacement } from "../model/user-hash.ts";
import { AudienceBuilder, type BuiltAudience } from "./builder.ts";

/** A target of an audience as JSON text: `["user-1","Bob",…]`, or `["user-1"]` for one without variables. */
export interface AudienceRow {
  userId: string;
  json: string;
  /** True where the row has a text for every variable. */
  isFull: boolean;
}

/** The audience of a call's inline targets. The first row of a user is the one that counts. */
export function partitionAudience(rows: Iterable<AudienceRow>, placement: UserPlacement): BuiltAudience {
  const builder = new AudienceBuilder(placement, "first");
  for (const { userId, json, isFull } of rows) builder.add(userId, json, isFull);
  return builder.finish();
}
