import { packDetails } from "../audiences/plan-details.ts";
import { type AudienceIndex, readAudienceIndex, storeOverrides } from "../audiences/store.ts";
import type { Bindings } from "../env.ts";
import { type Fault, Faults, faultsToError, OnecallError } from "../model/errors.ts";
import { MAX_OVERRIDES_BYTES } from "../model/limits.ts";
import type { AudienceRef, NotificationHeader } from "../model/notification.ts";
import type { SendVariables } from "../model/send-request.ts";
import { UserIds } from "../model/user-ids.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { listVariables, VARIABLE_FIELDS, type VariableReader } from "../templates/variables.ts";
import { exceedsBytes } from "../text/size.ts";
import type { OpenedTargetsFile, PreparedSend, SendContext } from "./prepared-send.ts";
import { makeDetails, planAudience, registerAndEnqueue } from "./register-plan.ts";
import { plainOverrides } from "./target-variables.ts";
import { readVariablesByUser } from "./variables-by-user.ts";

/**
 * Throws where the app has no such file, or it has expired. A call that is run again goes on with the upload
 * that it began with (`pinned`), whatever has become of the key. `until`: when the send expires, Unix ms.
 */
export async function openTargetsFile(
  env: Bindings,
  appId: string,
  fileKey: string,
  pinned: AudienceRef | null,
  until: number,
): Promise<OpenedTargetsFile> {
  const audience = pinned ?? (await findAudience(env, appId, fileKey, until));
  const index = await readAudienceIndex(env, appId, audience.id);
  return { audience, index };
}

async function findAudience(
  env: Bindings,
  appId: string,
  fileKey: string,
  until: number,
): Promise<AudienceRef> {
  const file = await getRegistryStub(env, appId).useTargetsFile(fileKey, until);
  if (file === null) {
    throw new OnecallError(
      "ERR_INVALID_TARGETS_FILE",
      `There is no targets file "${fileKey}", or it has expired. Upload it first.`,
    );
  }
  return { id: file.audienceId, etag: file.audienceEtag };
}

/** A batch to an uploaded audience. What the file lacks is found from its columns, before anything is sent. */
export function sendFile(
  prepared: PreparedSend,
  { audience, index }: OpenedTargetsFile,
): (context: SendContext) => Promise<NotificationHeader> {
  const { request, template, header } = prepared;
  const columns = index.columns ?? [];
  const faults = new Faults();
  const overrides = readOverrides(request.variables, index, faults);
  for (const fault of findMissingColumns(listVariables(template.variableSchema), columns, overrides)) {
    faults.push(fault);
  }
  if (faults.length > 0) throw faultsToError(faults);
  const overridesJson = JSON.stringify(plainOverrides(overrides));
  if (exceedsBytes(overridesJson, MAX_OVERRIDES_BYTES)) {
    throw new OnecallError(
      "ERR_PAYLOAD_TOO_LARGE",
      `template.variables: has more than ${MAX_OVERRIDES_BYTES} bytes beside a targets file; put them into the file`,
    );
  }
  const hasOverrides = Object.keys(overrides).length > 0;
  return async (context) => {
    const { env, app } = context;
    const [details] = await Promise.all([
      packDetails(env, app.id, header.id, makeDetails(prepared, columns)),
      hasOverrides ? storeOverrides(env, app.id, header.id, overridesJson) : null,
    ]);
    const plan = planAudience(prepared, { kind: "file", audience, hasOverrides }, index, details);
    return registerAndEnqueue(context, plan, index.chunks);
  };
}

/** The body's variables, by ids as the file has them: whoever sends, and whichever family uploaded it. */
function readOverrides(
  variables: SendVariables,
  index: AudienceIndex,
  faults: Faults,
): Record<string, unknown> {
  if (variables.shape === "none") return {};
  return readVariablesByUser(variables.values, variables.field, new UserIds(index), faults);
}

/** Required variables that are neither a column, nor reached by columns of their fields, nor in the body. */
function findMissingColumns(
  variables: readonly VariableReader[],
  columns: readonly string[],
  overrides: Record<string, unknown>,
): Fault[] {
  const known = new Set(columns);
  const isInBody = (name: string): boolean =>
    Object.values(overrides).some(
      (values) => typeof values === "object" && values !== null && Object.hasOwn(values, name),
    );
  const isThere = (name: string): boolean => known.has(name) || isInBody(name);
  return variables
    .filter(({ definition }) => definition.required && definition.default === undefined)
    .filter(({ name, definition }) => {
      const fields = VARIABLE_FIELDS[definition.type].map((field) => `${name}.${field}`);
      return !isThere(name) && !(fields.length > 0 && fields.every(isThere));
    })
    .map(({ name }) => ({
      field: `template.variables.${name}`,
      message: "is required, and the targets file has no such column; add one, or give it in the body",
      code: "ERR_INVALID_VARIABLES",
    }));
}
