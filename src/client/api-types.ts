/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type { NotificationsOperations } from "./api-types/notifications.ts";
import type { TemplatesOperations } from "./api-types/templates.ts";
import type { ChannelsOperations } from "./api-types/channels.ts";
import type { TargetsFilesOperations } from "./api-types/targets-files.ts";
import type { UsersOperations } from "./api-types/users.ts";
import type { AnalyticsOperations } from "./api-types/analytics.ts";
import type { WebhooksOperations } from "./api-types/webhooks.ts";
import type { AuditLogOperations } from "./api-types/audit-log.ts";
import type { FeedOperations } from "./api-types/feed.ts";
import type { DashboardOperations } from "./api-types/dashboard.ts";
import type { AdminOperations } from "./api-types/admin.ts";
import type { ServiceOperations } from "./api-types/service.ts";

export type * from "./api-types/admin.ts";
export type * from "./api-types/admin-forms.ts";
export type * from "./api-types/analytics.ts";
export type * from "./api-types/audit-log.ts";
export type * from "./api-types/channels.ts";
export type * from "./api-types/dashboard.ts";
export type * from "./api-types/errors.ts";
export type * from "./api-types/feed.ts";
export type * from "./api-types/notifications.ts";
export type * from "./api-types/service.ts";
export type * from "./api-types/shared.ts";
export type * from "./api-types/targets-files.ts";
export type * from "./api-types/templates.ts";
export type * from "./api-types/users.ts";
export type * from "./api-types/webhook-bodies.ts";
export type * from "./api-types/webhooks.ts";

/** By an operation's id. */
export interface Operations
  extends NotificationsOperations,
    TemplatesOperations,
    ChannelsOperations,
    TargetsFilesOperations,
    UsersOperations,
    AnalyticsOperations,
    WebhooksOperations,
    AuditLogOperations,
    FeedOperations,
    DashboardOperations,
    AdminOperations,
    ServiceOperations {}
