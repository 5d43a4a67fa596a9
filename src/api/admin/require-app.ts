import { getApp } from "../../copies/app.ts";
import type { Bindings } from "../../env.ts";
import type { AppRecord } from "../../model/app.ts";
import { APP_ID_PATTERN } from "../../model/credentials.ts";
import { OnecallError } from "../../model/errors.ts";

/** The app of a path; throws where there is none. */
export async function requireApp(env: Bindings, id: string): Promise<AppRecord> {
  if (!APP_ID_PATTERN.test(id)) throw new OnecallError("ERR_NOT_FOUND", "There is no such app.");
  return getApp(env, id);
}
