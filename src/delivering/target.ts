import type { EnabledChannels } from "../copies/app.ts";
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
  /** The app's channels that are enabled now, and whom each can push through. */
  enabled: EnabledChannels;
  /** True from the notification's `expiresAt` on. */
  isExpired: boolean;
}

/**
 * One target's outcome per channel, in the channels' order. `raw` null: a target without variables.
 * `mayHaveDevice` false: its shard has just said that it has none, so nothing is rendered to be pushed.
 */
export function decideDeliveries(
  context: DeliveryContext,
  raw: readonly unknown[] | null,
  mayHaveDevice = true,
): DeliveryOutcome[] {
  const { template, channels, enabled, isExpired } = context;
  if (isExpired) return channels.map(() => ({ status: "failed", reason: "expired" }));
  try {
    const resolved = raw === null ? null : resolveVariables(template.variables, (index) => raw[index]);
    return channels.map(({ key, type }): DeliveryOutcome => {
      const providers = enabled.get(key);
      if (providers === undefined) return { status: "skipped", reason: "channel_disabled" };
      if (resolved !== null && !resolved.ok) {
        return {
          status: "failed",
          reason: resolved.missing.length > 0 ? "missing_variables" : "invalid_variables",
        };
      }
      // Whether the user has a device is known where the devices are.
      if (type === "push" && (providers.length === 0 || !mayHaveDevice)) {
        return { status: "skipped", reason: "no_device" };
      }
      const content = renderChannel(template, key, resolved?.values ?? null);
      return type === "push" && content.status === "delivered" ? { ...content, status: "pending" } : content;
    });
  } catch (error) {
    // One target that can't be rendered must not hold up its chunk.
    console.error({ message: "rendering failed", error });
    return channels.map(() => ({ status: "failed", reason: "internal_error" }));
  }
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
 * Collects delivery rows into slices that a single statement can take, and counts them. The rows of a channel
 * that can push are slices of their own: the shard's statement for them asks for devices. What isn't cut yet has as much
 * text as a slice at most, in all channels together.
 */
export class SliceWriter {
  readonly #plain: SliceBuilder;
  readonly #pushing: Map<string, SliceBuilder>;
  #cut: DeliverySlice[] = [];
  #length = 0;

  constructor(channels: readonly ChannelRef[], enabled: EnabledChannels) {
    this.#plain = new SliceBuilder(null);
    this.#pushing = new Map(
      channels.flatMap(({ key, type }) => {
        const canPush = type === "push" && (enabled.get(key) ?? []).length > 0;
        return canPush ? [[key, new SliceBuilder({ channelKey: key })]] : [];
      }),
    );
  }

  add(userId: string, channel: ChannelRef, outcome: DeliveryOutcome): void {
    const row = toRow(userId, channel, outcome);
    if (this.#length + row.length > SLICE_LENGTH) this.#cutAll();
    (this.#pushing.get(channel.key) ?? this.#plain).add(row, channel.key, outcome);
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
    for (const builder of [this.#plain, ...this.#pushing.values()]) this.#cut.push(...builder.cut());
    this.#length = 0;
  }
}

class SliceBuilder {
  readonly #push: DeliverySlice["push"];
  #rows: string[] = [];
  #tallies: DeliveryTally[] = [];

  constructor(push: DeliverySlice["push"]) {
    this.#push = push;
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
      push: this.#push,
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
