import type { Channel, ChannelTest, ChannelWithSecret } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body } from "../requests.ts";
import { Collection } from "./collection.ts";

interface ChannelKinds {
  one: Channel;
  create: Body<"createChannel">;
  /** Of a webhook channel with the secret, this once. */
  created: ChannelWithSecret;
  update: Body<"updateChannel">;
  updated: Channel;
}

/** By id or key. */
export class Channels extends Collection<ChannelKinds> {
  protected readonly root = api`/channels`;

  list(options?: CallOptions): Pages<Channel> {
    return this.requests.list<"listChannels">(this.root, options);
  }

  availability(options?: CallOptions): Promise<Answer<"getChannelAvailability">> {
    return this.requests.get(api`/channels/availability`, options);
  }

  /** Sends something to a user's devices or address, and says what the provider said. */
  test(channel: string, body: Body<"testChannel">, options?: CallOptions): Promise<ChannelTest> {
    return this.requests.post(api`/channels/${channel}/test`, options, body);
  }

  rotateSecret(
    channel: string,
    body: Body<"rotateChannelSecret"> = {},
    options?: CallOptions,
  ): Promise<ChannelWithSecret> {
    return this.requests.post(api`/channels/${channel}/rotate-secret`, options, body);
  }
}
