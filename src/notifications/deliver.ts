import { MAX_STATEMENT_BYTES } from "../limits.ts";
import type { CompiledTemplate } from "../templates/compile.ts";
import { renderContent } from "../templates/render.ts";
import { resolveVariables, type VariableValue } from "../templates/variables.ts";
import type { DeliverySlice, DeliveryTally } from "../users/delivery-store.ts";
import type { ChannelRef, DeliveryOutcome } from "./model.ts";

/** Rendering and routing of one target: pure, so that realtime and batch decide alike. */

/** What holds for every target of a chunk. */
export interface DeliveryContext {
  template: CompiledTemplate;
  channels: readonly ChannelRef[];
  /** Keys of the app's channels that are enabled now. */
  enabled: ReadonlySet<string>;
  /** True from the notification's `expiresAt` on. */
  isExpired: boolean;
}

/** One target's outcome per channel, in the channels' order. `raw` null: a target without variables. */
export function decideDeliveries(
  context: DeliveryContext,
  raw: readonly unknown[] | null,
): DeliveryOutcome[] {
  const { template, channels, enabled, isExpired } = context;
  if (isExpired) return channels.map(() => ({ status: "failed", reason: "expired" }));
  try {
    const resolved = raw === null ? null : resolveVariables(template.variables, (index) => raw[index]);
    return channels.map(({ key, type }): DeliveryOutcome => {
      if (!enabled.has(key)) return { status: "skipped", reason: "channel_disabled" };
      if (resolved !== null && !resolved.ok) {
        return {
          status: "failed",
          reason: resolved.missing.length > 0 ? "missing_variables" : "invalid_variables",
        };
      }
      // No device can be registered yet, so nobody can be pushed to.
      if (type === "push") return { status: "skipped", reason: "no_device" };
      return renderInApp(template, key, resolved?.values ?? null);
    });
  } catch (error) {
    // One target that can't be rendered must not hold up its chunk.
    console.error({ message: "rendering failed", error });
    return channels.map(() => ({ status: "failed", reason: "internal_error" }));
  }
}

function renderInApp(
  template: CompiledTemplate,
  channelKey: string,
  values: (VariableValue | null)[] | null,
): DeliveryOutcome {
  const content = template.contents.get(channelKey);
  if (content === undefined) return { status: "failed", reason: "internal_error" };
  const json = values === null ? content.unsubstituted : renderContent(content, values);
  return json === null
    ? { status: "failed", reason: "payload_too_large" }
    : { status: "delivered", content: json };
}

/** Collects delivery rows into slices that a single statement can take, and counts them. */
export class SliceWriter {
  readonly #slices: DeliverySlice[] = [];
  #rows: string[] = [];
  #tallies: DeliveryTally[] = [];
  #units = 0;

  add(userId: string, { key, type }: ChannelRef, outcome: DeliveryOutcome): void {
    const reason = outcome.status === "delivered" ? null : outcome.reason;
    const content = outcome.status === "delivered" ? outcome.content : null;
    const row = JSON.stringify([userId, key, type, outcome.status, reason, content]);
    // A UTF-16 unit is at most three bytes; the statement's limit is twice MAX_STATEMENT_BYTES.
    if (this.#units + row.length > MAX_STATEMENT_BYTES / 2 && this.#rows.length > 0) this.#cut();
    this.#rows.push(row);
    this.#units += row.length + 1;
    this.#tally(key, outcome.status, reason);
  }

  finish(): DeliverySlice[] {
    this.#cut();
    return this.#slices;
  }

  // A few channels with a few reasons each: a list is searched faster than a key is built.
  #tally(channelKey: string, status: DeliveryOutcome["status"], reason: string | null): void {
    const tally = this.#tallies.find(
      ([key, known, because]) => key === channelKey && known === status && because === reason,
    );
    if (tally === undefined) this.#tallies.push([channelKey, status, reason, 1]);
    else tally[3]++;
  }

  #cut(): void {
    if (this.#rows.length === 0) return;
    this.#slices.push({ json: `[${this.#rows.join(",")}]`, rows: this.#rows.length, tallies: this.#tallies });
    this.#rows = [];
    this.#tallies = [];
    this.#units = 0;
  }
}
