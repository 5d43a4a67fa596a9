import type { Family } from "../openapi/document.ts";
import { deleteWebhookAddress, getWebhookAddress, putWebhookAddress } from "./addresses.ts";
import {
  getChannelAnalytics,
  getNotificationAnalytics,
  getTagAnalytics,
  getTemplateAnalytics,
  getUserAnalytics,
} from "./analytics.ts";
import { getAuditLog } from "./audit-log.ts";
import { postChannelTest } from "./channel-test.ts";
import {
  getChannel,
  getChannelAvailability,
  listChannels,
  postChannel,
  postChannelSecret,
  putChannel,
} from "./channels.ts";
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
import { getUserCount, getUsers } from "./user-lists.ts";
import {
  deleteUser,
  getUser,
  postAuthToken,
  postReadOnlyToken,
  postTokenRevocation,
  postUser,
  putUser,
} from "./users.ts";
import { postWebhookRecovery } from "./webhook-recovery.ts";
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

/** The business messaging family, and the management API in its style, by what the calls are about. */
export const businessMessagingFamilies: readonly Family[] = [
  {
    name: "Notifications",
    description: "Send to one user or to many, and see what became of it.",
    routes: [
      postSend,
      getNotifications,
      getNotification,
      postRetry,
      getProgress,
      getDeliveries,
      getDeliveriesCsv,
    ],
  },
  {
    name: "Templates",
    description: "What is sent: drafts, versions, approval.",
    routes: [
      listTemplates,
      postTemplate,
      getTemplate,
      putTemplate,
      listTemplateVersions,
      getTemplateVersion,
      postTemplatePreview,
    ],
  },
  {
    name: "Channels",
    description: "The ways to reach users.",
    routes: [
      listChannels,
      postChannel,
      getChannelAvailability,
      getChannel,
      putChannel,
      postChannelTest,
      postChannelSecret,
    ],
  },
  {
    name: "Targets files",
    description: "CSV files of up to 100,000 targets.",
    routes: [listTargetsFiles, postPresignedUrl, getTargetsFileContent, getTargetsFile, deleteTargetsFile],
  },
  {
    name: "Users",
    description: "Users, their tokens, devices and webhook addresses.",
    routes: [
      getUsers,
      getUserCount,
      postUser,
      getUser,
      putUser,
      deleteUser,
      postAuthToken,
      postReadOnlyToken,
      postTokenRevocation,
      getDevices,
      postDevice,
      deleteDevice,
      getWebhookAddress,
      putWebhookAddress,
      deleteWebhookAddress,
    ],
  },
  {
    name: "Analytics",
    description: "What users had, saw and clicked.",
    routes: [
      postEvent,
      getChannelAnalytics,
      getTemplateAnalytics,
      getTagAnalytics,
      getNotificationAnalytics,
      getUserAnalytics,
    ],
  },
  {
    name: "Webhooks",
    description: "Endpoints that are told what happens.",
    routes: [
      getWebhooks,
      postWebhook,
      getWebhook,
      putWebhook,
      deleteWebhook,
      postWebhookSecret,
      postWebhookTest,
      getWebhookAttempts,
      postWebhookResend,
      postWebhookRecovery,
    ],
  },
  { name: "Audit log", description: "Who did what.", routes: [getAuditLog] },
];
