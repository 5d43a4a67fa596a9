import type { Credentials, PreparedChange } from "../../model/account.ts";
import type { Actor } from "../../model/audit.ts";
import type { AppChannel, ChannelChange, NewChannel } from "../../model/channel.ts";
import type { Outcome } from "../../model/outcome.ts";
import { requireRoom } from "../kit/room.ts";
import { describeChannelChange, describeNewChannel } from "./describe-change.ts";
import { KeyCalls } from "./key-calls.ts";

/** About the app's channels, and what its providers are called with. */
export class ChannelCalls extends KeyCalls {
  listChannels(): AppChannel[] {
    return this.channels.list();
  }

  getChannel(idOrKey: string): AppChannel | null {
    return this.channels.get(idOrKey);
  }

  async createChannel(
    channel: NewChannel,
    providers: readonly PreparedChange[],
    actor: Actor,
  ): Promise<Outcome<AppChannel>> {
    requireRoom(this.ctx.storage, this.env);
    return this.change(() => {
      const outcome = this.quotas.check("channels") ?? this.channels.create(channel, providers, Date.now());
      if (!outcome.ok) return outcome;
      this.quotas.add("channels", 1);
      this.mirrorApp();
      this.record(actor, describeNewChannel(outcome.value));
      return outcome;
    });
  }

  async updateChannel(idOrKey: string, change: ChannelChange, actor: Actor): Promise<Outcome<AppChannel>> {
    return this.change(() => {
      const before = this.channels.get(idOrKey);
      const outcome = this.channels.update(idOrKey, change, Date.now());
      if (!outcome.ok || before === null) return outcome;
      this.mirrorApp();
      this.record(actor, describeChannelChange(before, outcome.value));
      return outcome;
    });
  }

  async getCredentials(channelKey: string, provider: string, refused: string | null): Promise<Credentials> {
    const channel = this.channels.get(channelKey);
    if (channel === null) return { found: "none" };
    const source = this.credentials.get(channel.type);
    return (await source?.get(channel.id, provider, refused, Date.now())) ?? { found: "none" };
  }
}
