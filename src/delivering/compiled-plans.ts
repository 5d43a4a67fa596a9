import { loadPlan } from "../audiences/plan-details.ts";
import { compileRowReader, placeVariables, type ReadRow } from "../audiences/row-values.ts";
import { findOverrides, readAudienceIndex } from "../audiences/store.ts";
import { TtlCache } from "../copies/cache.ts";
import type { Bindings } from "../env.ts";
import type { Chunk } from "../model/chunks.ts";
import { parseNotificationId } from "../model/ids.ts";
import { MAX_KEPT_TEXT } from "../model/limits.ts";
import type { AudienceSource, NotificationHeader, Retry } from "../model/notification.ts";
import type { TemplateText } from "../model/template.ts";
import { getLedgerStub } from "../objects/ledger/contract.ts";
import { type CompiledTemplate, compileTemplate, weighTemplate } from "../templates/compile.ts";
import { pushDataOf } from "./target.ts";

/** A plan as its chunks are delivered by. */
export interface CompiledPlan {
  header: NotificationHeader;
  template: CompiledTemplate;
  /** The text that the template was compiled from: user shards render with it. */
  text: TemplateText;
  /** Shards that were given it. */
  shardsWithText: Set<number>;
  source: AudienceSource;
  chunks: readonly Chunk[];
  /** Null where what was said beside a targets file is gone: the shards have what it came to. */
  readRow: ReadRow | null;
  /** Where the variables' values are in rows that can be kept as they are; null: rows have to be read. */
  places: number[] | null;
  pushData: Record<string, string> | null;
  /** Targets by shard. */
  expected: Map<number, number>;
  retry: Retry | null;
  /** About how much text it takes, UTF-16 units. */
  weight: number;
}

/** A plan's attempt never changes, so they are kept as long as there is room. */
const compiledPlans = new TtlCache<CompiledPlan>({
  ttlMs: 10 * 60 * 1000,
  maxEntries: 50,
  maxWeight: MAX_KEPT_TEXT,
});
/** About what a chunk of an index takes, in the units of its text. */
const CHUNK_WEIGHT = 200;
/** Small objects take several times their text. */
const OVERRIDES_WEIGHT = 4;

/** The plans of one queue batch: several messages of one plan read it once. */
export class BatchPlans {
  readonly #env: Bindings;
  readonly #reading = new Map<string, Promise<CompiledPlan>>();

  constructor(env: Bindings) {
    this.#env = env;
  }

  async get(appId: string, notificationId: string, attempt: number): Promise<CompiledPlan> {
    const key = `${appId}:${notificationId}:${attempt}`;
    const kept = compiledPlans.get(key);
    if (kept !== undefined) return kept;
    let reading = this.#reading.get(key);
    if (reading === undefined) {
      reading = compilePlan(this.#env, appId, notificationId, attempt);
      this.#reading.set(key, reading);
    }
    const compiled = await reading;
    compiledPlans.set(key, compiled, compiled.weight);
    return compiled;
  }
}

async function compilePlan(
  env: Bindings,
  appId: string,
  notificationId: string,
  attempt: number,
): Promise<CompiledPlan> {
  const ledger = parseNotificationId(notificationId);
  const plan = ledger === null ? null : await getLedgerStub(env, appId, ledger).getPlan(notificationId);
  if (plan === null) throw new Error("The notification isn't in its ledger");
  const { header, source, retry = null } = plan;
  // What is left of an earlier attempt has nothing to do: all of its targets were delivered to.
  if (attempt > (retry?.attempt ?? 1)) throw new Error("The ledger doesn't know of this attempt");
  if (source.kind === "inline") throw new Error("A realtime notification has no chunks");
  const hasOverrides = source.kind === "file" && source.hasOverrides;
  const [{ template: text, pushData, columns }, { chunks }, overrides] = await Promise.all([
    loadPlan(env, appId, plan),
    readAudienceIndex(env, appId, source.audience.id),
    hasOverrides ? findOverrides(env, appId, notificationId) : {},
  ]);
  const template = compileTemplate(text);
  return {
    header,
    template,
    text,
    shardsWithText: new Set<number>(),
    source,
    chunks,
    readRow: overrides === null ? null : compileRowReader({ source, columns }, template.variables, overrides),
    places: placeVariables({ source, columns }, template.variables),
    pushData: pushDataOf(header, pushData),
    expected: new Map(plan.expected),
    retry: attempt === 1 ? null : retry,
    weight:
      weighTemplate(template) +
      JSON.stringify(text).length +
      JSON.stringify([text.variableSchema, columns]).length +
      chunks.length * CHUNK_WEIGHT +
      JSON.stringify(overrides).length * OVERRIDES_WEIGHT,
  };
}
