import type { Device, FeedItem } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, type Query, Resource } from "../requests.ts";

/** What a user's own client does, with that user's token. */
export class Feed extends Resource {
  list(query?: Query<"listFeed">, options?: CallOptions): Pages<FeedItem> {
    return this.requests.list<"listFeed">(api`/feed`, options, query);
  }

  unreadCount(options?: CallOptions): Promise<Answer<"countUnread">> {
    return this.requests.get(api`/feed/unread-count`, options);
  }

  markViewed(
    notification: string,
    body: Body<"markViewed"> = {},
    options?: CallOptions,
  ): Promise<Answer<"markViewed">> {
    return this.requests.postAgain(api`/feed/${notification}/viewed`, options, body);
  }

  markClicked(
    notification: string,
    body: Body<"markClicked"> = {},
    options?: CallOptions,
  ): Promise<Answer<"markClicked">> {
    return this.requests.postAgain(api`/feed/${notification}/clicked`, options, body);
  }

  /** Up to 100 at once. */
  markItemsViewed(body: Body<"markItemsViewed">, options?: CallOptions): Promise<Answer<"markItemsViewed">> {
    return this.requests.postAgain(api`/feed/viewed`, options, body);
  }

  markAllViewed(options?: CallOptions): Promise<Answer<"markAllViewed">> {
    return this.requests.postAgain(api`/feed/read-all`, options);
  }

  socketTicket(options?: CallOptions): Promise<Answer<"createSocketTicket">> {
    return this.requests.postAgain(api`/feed/socket-ticket`, options);
  }

  /** What opens one socket, once: `new WebSocket(await onecall.feed.socketUrl())`. */
  async socketUrl(options?: CallOptions): Promise<string> {
    const { ticket } = await this.socketTicket(options);
    const url = new URL(this.requests.url.replace(/^http/, "ws") + api`/feed/socket`);
    url.searchParams.set("ticket", ticket);
    return url.href;
  }

  /** What a page subscribes to Web Push with. */
  pushKeys(options?: CallOptions): Promise<Answer<"listPushKeys">> {
    return this.requests.get(api`/feed/push-keys`, options);
  }

  devices(options?: CallOptions): Pages<Device> {
    return this.requests.list<"listOwnDevices">(api`/feed/devices`, options);
  }

  registerDevice(body: Body<"registerOwnDevice">, options?: CallOptions): Promise<Device> {
    return this.requests.postAgain(api`/feed/devices`, options, body);
  }

  deleteDevice(device: string, options?: CallOptions): Promise<Answer<"deleteOwnDevice">> {
    return this.requests.delete(api`/feed/devices/${device}`, options);
  }
}
