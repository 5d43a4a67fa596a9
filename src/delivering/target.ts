import type { EnabledChannel, EnabledChannels } from "../channels/enabled.ts";
import { findDispatched } from "../channels/table.ts";
import type { DeliverySlice, DeliveryTally } from "../model/delivery.ts";
import { SLICE_LENGTH } from "../model/limits.ts";
import type { ChannelRef, DeliveryOutcome } from "../model/notification.ts";
import type { VariableValue } from "../model/template.ts";
import type { CompiledTemplate } from "../templates/compile.ts";
import { renderContent } from "../templates/render.ts";
import { resolveVariables } from "../templates/variables.ts";

/** Rendering and routing of one target: pure, so that realtime and batch decide alike. */

/** What holds for every target of a chunk. */
export interface DeliveryContext {
  template: CompiledTemplate;
  channels: readonly ChannelRef[];
  /** The app's channels that are enabled now. */
  enabled: EnabledChannels;
  /** True from the notification's `expiresAt` on. */
  isExpired: boolean;
}

/** A target and its raw values; null: without variables. */
export type RawTarget = readonly [userId: string, values: readonly unknown[] | null];

/** By type of channels, who has an address in it. */
export type Reachable = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * One target's outcome per channel, in the channels' order. `raw` null: a target without variables. `reachable`: what
 * its shard has just said, so that nothing is rendered for who has no address.
 */
export function decideDeliveries(
  context: DeliveryContext,
  userId: string,
  raw: readonly unknown[] | null,
  reachable: Reachable | null,
): DeliveryOutcome[] {
  const { template, channels, enabled, isExpired } = context;
  if (isExpired) return channels.map(() => ({ status: "failed", reason: "expired" }));
  try {
    const resolved = raw === null ? null : resolveVariables(template.variables, (index) => raw[index]);
    return channels.map(({ key, type }): DeliveryOutcome => {
      const open = enabled.get(key);
      if (open === undefined) return { status: "skipped", reason: "channel_disabled" };
      if (resolved !== null && !resolved.ok) {
        return {
          status: "failed",
          reason: resolved.missing.length > 0 ? "missing_variables" : "invalid_variables",
        };
      }
      const { channel, hasAccount } = open;
      if (channel.settles === "stored") return renderChannel(template, key, resolved?.values ?? null);
      // Whether the user has an address only their shard knows: the delivery is pending until it has said so.
      if (!hasAccount || reachable?.get(type)?.has(userId) === false) {
        return { status: "skipped", reason: channel.address.skipReason };
      }
      const content = renderChannel(template, key, resolved?.values ?? null);
      return content.status === "delivered" ? { ...content, status: "pending" } : content;
    });
  } catch (error) {
    // One target that can't be rendered must not hold up its chunk.
    console.error({ message: "rendering failed", error });
    return channels.map(() => ({ status: "failed", reason: "internal_error" }));
  }
}

/** Types of channels in which a delivery may have to wait for a provider. */
export function listDispatchTypes({ channels, enabled, isExpired }: DeliveryContext): string[] {
  if (isExpired) return [];
  return [...new Set(channels.flatMap(({ key, type }) => (canDispatch(enabled.get(key)) ? [type] : [])))];
}

/** The request's push data as a shard keeps it: null where no channel sends anything out. */
export function pushDataOf(
  { channels }: Pick<DeliveryContext, "channels">,
  pushData: Record<string, string>,
): Record<string, string> | null {
  return channels.some(({ type }) => findDispatched(type) !== null) ? pushData : null;
}

function canDispatch(open: EnabledChannel | undefined): boolean {
  return open?.channel.settles === "outbox" && open.hasAccount;
}

function renderChannel(
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

/**
 * Collects delivery rows into slices that a single statement can take, and counts them. The rows of a channel that
 * sends out are slices of their own: the shard's statement for them asks for addresses. What isn't cut yet has as
 * much text as a slice at most, in all channels together.
 */
export class SliceWriter {
  readonly #plain: SliceBuilder;
  readonly #dispatched: Map<string, SliceBuilder>;
  readonly #channels: readonly ChannelRef[];
  #cut: DeliverySlice[] = [];
  #length = 0;

  constructor(channels: readonly ChannelRef[], enabled: EnabledChannels) {
    this.#channels = channels;
    this.#plain = new SliceBuilder(null);
    this.#dispatched = new Map(
      channels.flatMap(({ key, type }) =>
        canDispatch(enabled.get(key))
          ? [[key, new SliceBuilder({ channelKey: key, channelType: type })]]
          : [],
      ),
    );
  }

  /** A target's outcomes, in the channels' order. */
  addTarget(userId: string, outcomes: readonly DeliveryOutcome[]): void {
    for (const [index, channel] of this.#channels.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.#add(userId, channel, outcome);
    }
  }

  #add(userId: string, channel: ChannelRef, outcome: DeliveryOutcome): void {
    const row = toRow(userId, channel, outcome);
    if (this.#length + row.length > SLICE_LENGTH) this.#cutAll();
    (this.#dispatched.get(channel.key) ?? this.#plain).add(row, channel.key, outcome);
    this.#length += row.length + 1;
  }

  /** The slices that are full. */
  takeFull(): DeliverySlice[] {
    const cut = this.#cut;
    this.#cut = [];
    return cut;
  }

  /** All that are left. */
  finish(): DeliverySlice[] {
    this.#cutAll();
    return this.takeFull();
  }

  #cutAll(): void {
    for (const builder of [this.#plain, ...this.#dispatched.values()]) this.#cut.push(...builder.cut());
    this.#length = 0;
  }
}

class SliceBuilder {
  readonly #outbox: DeliverySlice["outbox"];
  #rows: string[] = [];
  #tallies: DeliveryTally[] = [];

  constructor(outbox: DeliverySlice["outbox"]) {
    this.#outbox = outbox;
  }

  add(row: string, channelKey: string, outcome: DeliveryOutcome): void {
    this.#rows.push(row);
    this.#tally(channelKey, outcome.status, "reason" in outcome ? outcome.reason : null);
  }

  /** What was added since the last cut, as a slice; nothing where that is nothing. */
  cut(): DeliverySlice[] {
    if (this.#rows.length === 0) return [];
    const slice = {
      json: `[${this.#rows.join(",")}]`,
      rows: this.#rows.length,
      tallies: this.#tallies,
      outbox: this.#outbox,
    };
    this.#rows = [];
    this.#tallies = [];
    return [slice];
  }

  // A few channels with a few reasons each: a list is searched faster than a key is built.
  #tally(channelKey: string, status: DeliveryOutcome["status"], reason: string | null): void {
    const tally = this.#tallies.find(
      ([key, known, because]) => key === channelKey && known === status && because === reason,
    );
    if (tally === undefined) this.#tallies.push([channelKey, status, reason, 1]);
    else tally[3]++;
  }
}

function toRow(userId: string, { key, type }: ChannelRef, outcome: DeliveryOutcome): string {
  const reason = "reason" in outcome ? outcome.reason : null;
  const content = "content" in outcome ? outcome.content : null;
  return JSON.stringify([userId, key, type, outcome.status, reason, content]);
}
