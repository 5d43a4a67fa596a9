import type { Bindings } from "../env.ts";
import type { Chunk } from "../model/chunks.ts";
import type { SendPlan, StoredRow, TemplateSnapshot } from "../model/notification.ts";
import { shardOfUser, type UserPlacement } from "../model/user-hash.ts";
import { listVariables, VARIABLE_FIELDS, type VariableReader } from "../templates/variables.ts";
import { compileRowReader, type ReadRow } from "./row-values.ts";
import { readAudienceIndex, readChunk, readOverrides } from "./store.ts";

/** Targets of one shard. */
export interface WalkRun {
  shard: number;
  rows: StoredRow[];
}

/**
 * A notification's targets in the order of its audience, which never changes: what reads them page by page finds
 * the same user in the same place, whatever is delivered meanwhile.
 */
export interface AudienceWalk {
  /** Steps of several hundred targets each. */
  steps: number;
  /** The targets of a step, shard by shard. */
  read(step: number): Promise<WalkRun[]>;
  /** Steps in which a shard has targets. */
  stepsOf(shard: number): number[];
  /** The names of the variables' cells: an image has three, an action two. */
  columns: string[];
  /** A target's raw values as these cells; null is an absent value, and no empty text. */
  readCells(row: StoredRow): Promise<(string | null)[]>;
}

/** What a walk is made of. It never changes, so walks of one notification can share it. */
export interface WalkSource {
  plan: Pick<SendPlan, "header" | "source" | "columns"> & {
    template: Pick<TemplateSnapshot, "variableSchema">;
  };
  /** None where the plan itself has the targets. */
  chunks: readonly Chunk[];
}

/** The source of the walk over a plan's targets. Throws where its audience can't be read. */
export async function readWalkSource(env: Bindings, appId: string, plan: SendPlan): Promise<WalkSource> {
  const { header, source, columns, template } = plan;
  // A template's content is of no use here, and would be the largest part by far.
  const used = { header, source, columns, template: { variableSchema: template.variableSchema } };
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
  const { header, source, template } = plan;
  const variables = listVariables(template.variableSchema);
  let reader: Promise<ReadRow> | null = null;
  const getReader = (): Promise<ReadRow> => {
    const hasOverrides = source.kind === "file" && source.hasOverrides;
    reader ??= (hasOverrides ? readOverrides(env, app.id, header.id) : Promise.resolve({})).then(
      (overrides) => compileRowReader(plan, variables, overrides),
    );
    return reader;
  };
  const cells = {
    columns: variables.flatMap(columnsOf),
    async readCells(row: StoredRow) {
      const values = (await getReader())(row);
      return variables.flatMap((variable, index) => cellsOf(variable, values?.[index]));
    },
  };
  if (source.kind === "inline") {
    const byShard = Map.groupBy(source.rows, ([userId]) => shardOfUser(userId, app));
    const runs = [...byShard].map(([shard, rows]) => ({ shard, rows }));
    return {
      ...cells,
      steps: 1,
      read: async () => runs,
      stepsOf: (shard) => (byShard.has(shard) ? [0] : []),
    };
  }
  return {
    ...cells,
    steps: chunks.length,
    async read(step) {
      const chunk = chunks[step];
      if (chunk === undefined) return [];
      const rows = await readChunk(env, app.id, source.audience, chunk);
      let position = 0;
      return chunk.runs.map((run) => {
        const start = position;
        position += run.rows;
        return { shard: run.shard, rows: rows.slice(start, position) };
      });
    },
    stepsOf: (shard) =>
      chunks.flatMap(({ runs }, step) => (runs.some((run) => run.shard === shard) ? [step] : [])),
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
