import type { User, WebhookAddress } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, type Query } from "../requests.ts";
import { Collection } from "./collection.ts";

interface UserKinds {
  one: User;
  create: Body<"createUser">;
  created: User;
  update: Body<"updateUser">;
  updated: User;
}

/** By their uids. */
export class Users extends Collection<UserKinds> {
  protected readonly root = api`/users`;

  list(query?: Query<"listUsers">, options?: CallOptions): Pages<User, Answer<"listUsers">> {
    return this.requests.list<"listUsers">(this.root, options, query);
  }

  /** How many a list with the same filters would have. */
  count(query?: Query<"countUsers">, options?: CallOptions): Promise<Answer<"countUsers">> {
    return this.requests.get(api`/user-count`, options, query);
  }

  /** All that is stored of a user. */
  delete(uid: string, options?: CallOptions): Promise<Answer<"deleteUser">> {
    return this.requests.delete(this.pathOf(uid), options);
  }

  /** What the user's own client reads its feed with. */
  createToken(
    uid: string,
    body: Body<"createUserToken"> = {},
    options?: CallOptions,
  ): Promise<Answer<"createUserToken">> {
    return this.requests.postAgain(api`/users/${uid}/auth_tokens`, options, body);
  }

  /** What somebody else looks at the user's feed with, for some minutes: it marks nothing. */
  createReadOnlyToken(uid: string, options?: CallOptions): Promise<Answer<"createReadOnlyToken">> {
    return this.requests.postAgain(api`/users/${uid}/auth_tokens/read_only`, options);
  }

  /** All tokens until now, and the sockets that they opened. */
  revokeTokens(uid: string, options?: CallOptions): Promise<Answer<"revokeUserTokens">> {
    return this.requests.postAgain(api`/users/${uid}/auth_tokens/revoke`, options);
  }

  /** Where a webhook channel reaches the user. */
  getWebhookAddress(uid: string, options?: CallOptions): Promise<WebhookAddress> {
    return this.requests.get(api`/users/${uid}/addresses/webhook`, options);
  }

  setWebhookAddress(
    uid: string,
    body: Body<"putWebhookAddress">,
    options?: CallOptions,
  ): Promise<WebhookAddress> {
    return this.requests.put(api`/users/${uid}/addresses/webhook`, options, body);
  }

  deleteWebhookAddress(uid: string, options?: CallOptions): Promise<Answer<"deleteWebhookAddress">> {
    return this.requests.delete(api`/users/${uid}/addresses/webhook`, options);
  }
}
