import type { Route } from "../../http/router.ts";
import {
  getChannelAnalytics,
  getNotificationAnalytics,
  getTagAnalytics,
  getTemplateAnalytics,
  getUserAnalytics,
} from "./analytics.ts";
import { getAuditLog } from "./audit-log.ts";
import { postChannelTest } from "./channel-test.ts";
import { getChannel, getChannelAvailability, listChannels, postChannel, putChannel } from "./channels.ts";
import { getDeliveries, getDeliveriesCsv } from "./deliveries.ts";
import { deleteDevice, getDevices, postDevice } from "./devices.ts";
import { postEvent } from "./events.ts";
import { getNotification, getNotifications, getProgress } from "./notifications.ts";
import { postRetry } from "./retry.ts";
import { postSend } from "./send.ts";
import {
  deleteTargetsFile,
  getTargetsFile,
  getTargetsFileContent,
  listTargetsFiles,
  postPresignedUrl,
} from "./targets-files.ts";
import {
  getTemplate,
  getTemplateVersion,
  listTemplates,
  listTemplateVersions,
  postTemplate,
  postTemplatePreview,
  putTemplate,
} from "./templates.ts";
import {
  deleteUser,
  getUser,
  getUsers,
  postAuthToken,
  postTokenRevocation,
  postUser,
  putUser,
} from "./users.ts";
import {
  deleteWebhook,
  getWebhook,
  getWebhookAttempts,
  getWebhooks,
  postWebhook,
  postWebhookResend,
  postWebhookSecret,
  postWebhookTest,
  putWebhook,
} from "./webhooks.ts";

/** The base path of seeds 000 to 002. */
export const API = "/v3/business-messaging/api";

/** The business messaging family and the management API in its style. */
export const businessMessagingRoutes: Route[] = [
  ["POST", `${API}/notifications/send`, postSend],
  ["POST", "/api/notifications/send", postSend],
  ["GET", `${API}/notifications`, getNotifications],
  ["GET", `${API}/notifications/:notification`, getNotification],
  ["POST", `${API}/notifications/:notification/retry`, postRetry],
  ["GET", `${API}/notifications/:notification/progress`, getProgress],
  ["GET", `${API}/notifications/:notification/deliveries`, getDeliveries],
  ["GET", `${API}/notifications/:notification/deliveries.csv`, getDeliveriesCsv],

  ["GET", `${API}/channels`, listChannels],
  ["POST", `${API}/channels`, postChannel],
  ["GET", `${API}/channels/availability`, getChannelAvailability],
  ["GET", `${API}/channels/:channel`, getChannel],
  ["PUT", `${API}/channels/:channel`, putChannel],
  ["POST", `${API}/channels/:channel/test`, postChannelTest],

  ["GET", `${API}/templates`, listTemplates],
  ["POST", `${API}/templates`, postTemplate],
  ["GET", `${API}/templates/:template`, getTemplate],
  ["PUT", `${API}/templates/:template`, putTemplate],
  ["GET", `${API}/templates/:template/versions`, listTemplateVersions],
  ["GET", `${API}/templates/:template/versions/:version`, getTemplateVersion],
  ["POST", `${API}/templates/:template/preview`, postTemplatePreview],

  ["GET", `${API}/targets-files`, listTargetsFiles],
  ["POST", `${API}/targets-files/:fileKey/presigned-urls`, postPresignedUrl],
  ["GET", `${API}/targets-files/:fileKey/content`, getTargetsFileContent],
  ["GET", `${API}/targets-files/:fileKey`, getTargetsFile],
  ["DELETE", `${API}/targets-files/:fileKey`, deleteTargetsFile],

  ["POST", `${API}/analytics/events`, postEvent],
  ["GET", `${API}/analytics/channels`, getChannelAnalytics],
  ["GET", `${API}/analytics/templates/:template`, getTemplateAnalytics],
  ["GET", `${API}/analytics/tags/:tag`, getTagAnalytics],
  ["GET", `${API}/analytics/notifications/:notification`, getNotificationAnalytics],
  ["GET", `${API}/analytics/users/:uid`, getUserAnalytics],
  ["GET", `${API}/audit-log`, getAuditLog],
  ["GET", `${API}/webhooks`, getWebhooks],
  ["POST", `${API}/webhooks`, postWebhook],
  ["GET", `${API}/webhooks/:webhook`, getWebhook],
  ["PUT", `${API}/webhooks/:webhook`, putWebhook],
  ["DELETE", `${API}/webhooks/:webhook`, deleteWebhook],
  ["POST", `${API}/webhooks/:webhook/rotate-secret`, postWebhookSecret],
  ["POST", `${API}/webhooks/:webhook/test`, postWebhookTest],
  ["GET", `${API}/webhooks/:webhook/attempts`, getWebhookAttempts],
  ["POST", `${API}/webhooks/:webhook/attempts/:attempt/resend`, postWebhookResend],

  ["GET", `${API}/users`, getUsers],
  ["POST", `${API}/users`, postUser],
  ["GET", `${API}/users/:uid`, getUser],
  ["PUT", `${API}/users/:uid`, putUser],
  ["DELETE", `${API}/users/:uid`, deleteUser],
  ["POST", `${API}/users/:uid/auth_tokens`, postAuthToken],
  // These are ours at the vendors' path too: neither vendor has them.
  ...["/v3/users", `${API}/users`].flatMap((users): Route[] => [
    ["POST", `${users}/:uid/auth_tokens/revoke`, postTokenRevocation],
    ["GET", `${users}/:uid/devices`, getDevices],
    ["POST", `${users}/:uid/devices`, postDevice],
    ["DELETE", `${users}/:uid/devices/:device`, deleteDevice],
  ]),
];
