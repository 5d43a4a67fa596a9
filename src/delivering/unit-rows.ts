import { readChunk } from "../audiences/store.ts";
import type { Bindings } from "../env.ts";
import { cutRuns, type UnitPlace } from "../model/chunk-units.ts";
import type { StoredRow } from "../model/notification.ts";
import type { CompiledPlan } from "./compiled-plans.ts";
import type { RawTarget } from "./target.ts";

/** A shard's rows of a unit, by their position in its chunk. */
export interface PlacedRun {
  shard: number;
  rows: number;
  position: number;
}

/** The runs of a unit. */
export function listRuns(place: UnitPlace): PlacedRun[] {
  let position = place.from;
  return cutRuns(place).map((run) => {
    const placed = { ...run, position };
    position += run.rows;
    return placed;
  });
}

/** A unit's targets in the audience, read once, when somebody needs them. */
export class UnitRows {
  readonly #env: Bindings;
  readonly #appId: string;
  readonly #plan: CompiledPlan;
  readonly #place: UnitPlace;
  #rows: Promise<StoredRow[]> | null = null;

  constructor(env: Bindings, appId: string, plan: CompiledPlan, place: UnitPlace) {
    this.#env = env;
    this.#appId = appId;
    this.#plan = plan;
    this.#place = place;
  }

  read(): Promise<StoredRow[]> {
    this.#rows ??= readChunk(this.#env, this.#appId, this.#plan.source.audience, this.#place.chunk);
    return this.#rows;
  }

  async of({ position, rows }: PlacedRun): Promise<RawTarget[]> {
    const { readRow } = this.#plan;
    if (readRow === null) throw new Error("The variables beside a targets file are gone");
    return (await this.read())
      .slice(position, position + rows)
      .map((row): RawTarget => [row[0], readRow(row)]);
  }
}
