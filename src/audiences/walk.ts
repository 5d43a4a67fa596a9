import type { Bindings } from "../env.ts";
import type { UnitRange } from "../model/chunk-units.ts";
import type { Chunk } from "../model/chunks.ts";
import type { SendPlan, StoredRow, TemplateSnapshot } from "../model/notification.ts";
import { shardOfUser, type UserPlacement } from "../model/user-hash.ts";
import { listVariables, VARIABLE_FIELDS, type VariableReader } from "../templates/variables.ts";
import { compileRowReader, type ReadRow } from "./row-values.ts";
import { readAudienceIndex, readChunk, readOverrides } from "./store.ts";

/** Targets of one shard that lie side by side in a step. */
export interface WalkRun {
  shard: number;
  /** The place of the first in the step. */
  start: number;
  count: number;
}

/**
 * A notification's targets in the order of its audience, which never changes: what reads them page by page finds
 * the same user in the same place, whatever is delivered meanwhile. What it holds itself is where they are, and that is
 * kept as long as the notification; who they are is in the audience until all of them are in the shards.
 */
export interface AudienceWalk {
  /** How many steps it has: as many as its audience has chunks, and one where the plan itself has the targets. */
  steps: number;
  runsOf(step: number): readonly WalkRun[];
  /** The units that deliver a step; null where nothing but the plan has the targets. */
  unitsOf(step: number): UnitRange | null;
  /** Steps in which a shard has targets. */
  stepsOf(shard: number): number[];
  /** The targets of a step, from the audience. Throws where that is gone. */
  readRows(step: number): Promise<readonly StoredRow[]>;
  /** A target's raw values, in the order of the variables; null for a target without. */
  readValues(row: StoredRow): Promise<unknown[] | null>;
  /** The names of the variables' cells: an image has three, an action two. */
  columns: string[];
  /** Raw values as these cells; null is an absent value, and no empty text. */
  toCells(values: readonly unknown[] | null): (string | null)[];
}

/** What a walk is made of. It never changes, so walks of one notification can share it. */
export interface WalkSource {
  plan: Pick<SendPlan, "header" | "source" | "columns" | "expected"> & {
    template: Pick<TemplateSnapshot, "variableSchema">;
  };
  /** None where the plan itself has the targets. */
  chunks: readonly Chunk[];
}

/** The source of the walk over a plan's targets. Throws where its audience's index can't be read. */
export async function readWalkSource(env: Bindings, appId: string, plan: SendPlan): Promise<WalkSource> {
  const { header, source, columns, template, expected } = plan;
  // A template's content is of no use here, and would be the largest part by far.
  const used = { header, source, columns, expected, template: { variableSchema: template.variableSchema } };
  if (source.kind === "inline") return { plan: used, chunks: [] };
  const { chunks } = await readAudienceIndex(env, appId, source.audience.id);
  return { plan: used, chunks };
}

/** The walk over a plan's targets. */
export function openWalk(
  env: Bindings,
  app: UserPlacement & { id: string },
  { plan, chunks }: WalkSource,
): AudienceWalk {
  const { source, template } = plan;
  const variables = listVariables(template.variableSchema);
  const read = openReader(env, app.id, plan, variables);
  const values = {
    columns: variables.flatMap(columnsOf),
    readValues: async (row: StoredRow) => (await read())(row),
    toCells: (own: readonly unknown[] | null) =>
      variables.flatMap((variable, index) => cellsOf(variable, own?.[index])),
  };
  if (source.kind === "inline") return { ...values, ...walkRows(source.rows, app) };
  const parts = source.cut?.parts ?? 1;
  return {
    ...values,
    steps: chunks.length,
    runsOf: (step) => placeRuns(chunks[step]?.runs ?? []),
    unitsOf: (step) => [step * parts, (step + 1) * parts],
    stepsOf: (shard) =>
      chunks.flatMap(({ runs }, step) => (runs.some((run) => run.shard === shard) ? [step] : [])),
    async readRows(step) {
      const chunk = chunks[step];
      return chunk === undefined ? [] : readChunk(env, app.id, source.audience, chunk);
    },
  };
}

type Places = Pick<AudienceWalk, "steps" | "runsOf" | "unitsOf" | "stepsOf" | "readRows">;

/** The few targets of a realtime send: one step. */
function walkRows(rows: readonly StoredRow[], app: UserPlacement): Places {
  const byShard = Map.groupBy(rows, ([userId]) => shardOfUser(userId, app));
  const runs = placeRuns([...byShard].map(([shard, { length }]) => ({ shard, rows: length })));
  const inOrder = [...byShard.values()].flat();
  return {
    steps: 1,
    runsOf: () => runs,
    unitsOf: () => null,
    stepsOf: (shard) => (byShard.has(shard) ? [0] : []),
    readRows: async () => inOrder,
  };
}

function placeRuns(runs: readonly { shard: number; rows: number }[]): WalkRun[] {
  let start = 0;
  return runs.map(({ shard, rows: count }) => {
    const run = { shard, start, count };
    start += count;
    return run;
  });
}

/** What reads rows of the audience, once it is needed. */
function openReader(
  env: Bindings,
  appId: string,
  plan: WalkSource["plan"],
  variables: readonly VariableReader[],
): () => Promise<ReadRow> {
  const { header, source } = plan;
  let reader: Promise<ReadRow> | null = null;
  return () => {
    const hasOverrides = source.kind === "file" && source.hasOverrides;
    reader ??= (hasOverrides ? readOverrides(env, appId, header.id) : Promise.resolve({})).then((overrides) =>
      compileRowReader(plan, variables, overrides),
    );
    return reader;
  };
}

function columnsOf({ name, definition }: VariableReader): string[] {
  const fields = VARIABLE_FIELDS[definition.type];
  return fields.length === 0 ? [name] : fields.map((field) => `${name}.${field}`);
}

// Cells that an upload would read back as the same value.
function cellsOf({ definition }: VariableReader, value: unknown): (string | null)[] {
  const fields = VARIABLE_FIELDS[definition.type];
  if (fields.length === 0) return [toCell(value)];
  const object = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  return fields.map((field) => toCell(Object.hasOwn(object, field) ? object[field] : null));
}

function toCell(value: unknown): string | null {
  return value === null || value === undefined || typeof value === "object" ? null : String(value);
}
