import type { Route } from "../../http/route.ts";
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

/** The business messaging family and the management API in its style. */
export const businessMessagingRoutes: Route[] = [
  ...[postSend, getNotifications, getNotification, postRetry, getProgress, getDeliveries, getDeliveriesCsv],
  ...[listChannels, postChannel, getChannelAvailability, getChannel, putChannel, postChannelTest],
  ...[listTemplates, postTemplate, getTemplate, putTemplate, listTemplateVersions, getTemplateVersion],
  postTemplatePreview,
  ...[listTargetsFiles, postPresignedUrl, getTargetsFileContent, getTargetsFile, deleteTargetsFile],
  ...[postEvent, getChannelAnalytics, getTemplateAnalytics, getTagAnalytics, getNotificationAnalytics],
  ...[getUserAnalytics, getAuditLog],
  ...[getWebhooks, postWebhook, getWebhook, putWebhook, deleteWebhook, postWebhookSecret, postWebhookTest],
  ...[getWebhookAttempts, postWebhookResend],
  ...[getUsers, postUser, getUser, putUser, deleteUser, postAuthToken, postTokenRevocation],
  ...[getDevices, postDevice, deleteDevice],
];
