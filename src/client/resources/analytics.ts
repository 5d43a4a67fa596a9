import type { UserHistory } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import { type Answer, api, type Body, type Query, Resource } from "../requests.ts";

export class Analytics extends Resource {
  /** A view or a click, which counts once. */
  record(body: Body<"recordEvent">, options?: CallOptions): Promise<Answer<"recordEvent">> {
    return this.requests.postAgain(api`/analytics/events`, options, body);
  }

  channels(
    query: Query<"getChannelAnalytics">,
    options?: CallOptions,
  ): Promise<Answer<"getChannelAnalytics">> {
    return this.requests.get(api`/analytics/channels`, options, query);
  }

  template(
    template: string,
    query: Query<"getTemplateAnalytics">,
    options?: CallOptions,
  ): Promise<Answer<"getTemplateAnalytics">> {
    return this.requests.get(api`/analytics/templates/${template}`, options, query);
  }

  tag(
    tag: string,
    query: Query<"getTagAnalytics">,
    options?: CallOptions,
  ): Promise<Answer<"getTagAnalytics">> {
    return this.requests.get(api`/analytics/tags/${tag}`, options, query);
  }

  notification(
    id: string,
    query?: Query<"getNotificationAnalytics">,
    options?: CallOptions,
  ): Promise<Answer<"getNotificationAnalytics">> {
    return this.requests.get(api`/analytics/notifications/${id}`, options, query);
  }

  /** What a user had, saw and clicked. */
  user(uid: string, query?: Query<"getUserAnalytics">, options?: CallOptions): Promise<UserHistory> {
    return this.requests.get(api`/analytics/users/${uid}`, options, query);
  }
}
