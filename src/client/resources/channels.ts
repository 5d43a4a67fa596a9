import type { Channel, ChannelTest, ChannelWithSecret } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, Resource } from "../requests.ts";

/** By id or key. */
export class Channels extends Resource {
  list(options?: CallOptions): Pages<Channel> {
    return this.requests.list<Answer<"listChannels">>(api`/channels`, options);
  }

  /** Of a webhook channel the answer has the secret, this once. */
  create(body: Body<"createChannel">, options?: CallOptions): Promise<ChannelWithSecret> {
    return this.requests.post(api`/channels`, options, body);
  }

  availability(options?: CallOptions): Promise<Answer<"getChannelAvailability">> {
    return this.requests.get(api`/channels/availability`, options);
  }

  get(channel: string, options?: CallOptions): Promise<Channel> {
    return this.requests.get(api`/channels/${channel}`, options);
  }

  update(channel: string, body: Body<"updateChannel">, options?: CallOptions): Promise<Channel> {
    return this.requests.put(api`/channels/${channel}`, options, body);
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
