import type { Example } from "../../http/route.ts";

/** Channels, templates, targets files, webhooks and the audit log as the OpenAPI document shows them. */

const TIMES = { createdAt: "2026-11-21T09:36:25.731Z", updatedAt: "2026-11-21T09:36:25.731Z" };

export const CHANNEL_EXAMPLES: readonly Example[] = [
  {
    name: "inApp",
    request: { name: "In-app alerts", type: "in_app" },
    answer: {
      id: "01a1fd76-d3c1-7aaa-8f29-1b4f8a0c5d10",
      key: "in-app-alerts",
      name: "In-app alerts",
      type: "in_app",
      enabled: true,
      ...TIMES,
    },
  },
  {
    name: "webhook",
    request: { name: "Order hooks", type: "webhook" },
    answer: {
      id: "01a1fd76-d3c1-7bbb-9d02-5a0c2e7f4b61",
      key: "order-hooks",
      name: "Order hooks",
      type: "webhook",
      enabled: true,
      secretFingerprint: "5f2b8c01d4e6a793",
      previousSecretUntil: null,
      secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      ...TIMES,
    },
  },
];

const CONTENT = {
  "in-app-alerts": { title: "Thanks, {{customerName}}", body: "Order {{orderId}} is on its way." },
  "mobile-push": { title: "Thanks, {{customerName}}", body: "Order {{orderId}}" },
};
const SCHEMA = {
  customerName: { type: "string", required: true },
  orderId: { type: "string", required: true },
};
const TEMPLATE = {
  id: "01a1fd76-d4a2-7ccc-8b1e-0c9d4f6a7e22",
  key: "order-confirmation",
  name: "Order confirmation",
  category: null,
  status: "draft",
  version: 1,
  approvedVersion: null,
  channelKeys: ["in-app-alerts", "mobile-push"],
  placeholders: "double",
  content: CONTENT,
  variableSchema: SCHEMA,
  ...TIMES,
};

export const TEMPLATE_EXAMPLES: readonly Example[] = [
  {
    name: "draft",
    request: {
      name: "Order confirmation",
      channelKeys: ["in-app-alerts", "mobile-push"],
      content: CONTENT,
      variableSchema: { customerName: { type: "string" }, orderId: { type: "string" } },
    },
    answer: TEMPLATE,
  },
];

export const TEMPLATE_CHANGE_EXAMPLES: readonly Example[] = [
  {
    name: "approval",
    request: { status: "approved" },
    answer: { ...TEMPLATE, status: "approved", approvedVersion: 1, warnings: [] },
  },
];

export const PREVIEW_EXAMPLES: readonly Example[] = [
  {
    name: "newest",
    request: { variables: { customerName: "Jane", orderId: "ORD-12345" } },
    answer: {
      templateKey: "order-confirmation",
      version: 1,
      content: {
        "in-app-alerts": { title: "Thanks, Jane", body: "Order ORD-12345 is on its way." },
        "mobile-push": { title: "Thanks, Jane", body: "Order ORD-12345" },
      },
    },
  },
];

export const PRESIGN_EXAMPLES: readonly Example[] = [
  {
    name: "upload",
    request: { overwriteDuplicateKey: true },
    answer: {
      url: "https://onecall.example.com/v1/storage/uploads",
      fields: {
        Expires: "2026-12-21T09:36:25.731Z",
        "Content-Type": "text/csv",
        key: "targets/shop-36af59/october.csv",
        policy: "eyJhcHBJZCI6InNob3AtMzZhZjU5In0=",
        "x-amz-signature": "d1f0c9b4a7e2533a",
      },
      fileKey: "october.csv",
    },
  },
];

export const TARGETS_FILE_EXAMPLES: readonly Example[] = [
  {
    name: "uploaded",
    answer: {
      id: "01a1fd93-0f46-7fff-970b-0f1509f564a1",
      fileKey: "october.csv",
      size: 92,
      rows: 3,
      duplicates: 0,
      columns: ["customerName", "orderId"],
      uploadedAt: "2026-11-21T09:40:12.004Z",
      expiresAt: "2026-12-21T09:40:12.004Z",
    },
  },
];

export const WEBHOOK_EXAMPLES: readonly Example[] = [
  {
    name: "endpoint",
    request: {
      url: "https://shop.example.com/onecall",
      events: ["notification.completed", "delivery.failed"],
    },
    answer: {
      id: "01a1fd98-1b2c-7ddd-a3f4-6e5d4c3b2a19",
      url: "https://shop.example.com/onecall",
      description: null,
      events: ["notification.completed", "delivery.failed"],
      eventsPerCall: 1,
      enabled: true,
      secretFingerprint: "9c1185a5c5e9fc54",
      previousSecretUntil: null,
      failingSince: null,
      disabledAt: null,
      disabledReason: null,
      waitingEvents: 0,
      droppedEvents: 0,
      secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
      ...TIMES,
    },
  },
];

export const WEBHOOK_TEST_EXAMPLES: readonly Example[] = [
  {
    name: "taken",
    answer: {
      id: "01a1fd99-2c3d-7eee-b4a5-7f6e5d4c3b2a",
      messageId: "01a1fd99-2c3d-7eef-8c6d-1a2b3c4d5e6f",
      type: "webhook.test",
      events: 1,
      status: "succeeded",
      httpStatus: 204,
      durationMs: 84,
      response: "",
      error: null,
      at: "2026-11-21T09:42:00.117Z",
      nextAttemptAt: null,
    },
  },
];

export const AUDIT_LOG_EXAMPLES: readonly Example[] = [
  {
    name: "approval",
    answer: {
      data: [
        {
          id: "01a1fd76-d4f0-7a1b-9c2d-3e4f5a6b7c8d",
          at: "2026-11-21T09:36:25.840Z",
          actor: {
            type: "api_key",
            key: "****BhQ8",
            keyId: "01a1fd76-d2a3-7b4c-8d5e-6f7a8b9c0d1e",
          },
          action: "template.approved",
          target: { type: "template", id: "01a1fd76-d4a2-7ccc-8b1e-0c9d4f6a7e22" },
          details: { key: "order-confirmation", version: 1 },
          requestId: "8c1f0d7e5b",
        },
      ],
      nextCursor: null,
    },
  },
];
