import type { Example } from "../../http/route.ts";

/** What became of notifications, and their users, as the OpenAPI document shows them. */

const ID = "01a1fd76-d57a-7012-aa0a-7d2df0e14cc2";
const CREATED = "2026-11-21T09:36:25.978Z";

const counts = (type: string, delivered: number, failed: object, skipped: object) => ({
  type,
  total: 3,
  delivered,
  failed,
  skipped,
  cancelled: 0,
  pending: 0,
  viewed: 0,
  clicked: 0,
});
const NOTIFICATION = {
  id: ID,
  state: "completed",
  templateKey: "order-confirmation",
  templateVersion: 1,
  mode: "batch",
  title: null,
  tag: "orders",
  priority: "normal",
  channels: [
    { key: "in-app-alerts", type: "in_app" },
    { key: "mobile-push", type: "push" },
  ],
  duplicates: 1,
  createdAt: CREATED,
  completedAt: "2026-11-21T09:36:26.512Z",
  expiresAt: "2026-11-22T09:36:25.978Z",
  attempt: 1,
  sentBy: {
    type: "api_key",
    key: "****nCj8",
    keyId: "01a1fd76-d4b2-7f0e-9a1b-1f6d3b6c9b55",
    name: "shop server",
    via: "api",
  },
  counts: {
    "in-app-alerts": counts("in_app", 2, { missing_variables: 1 }, {}),
    "mobile-push": counts("push", 0, { missing_variables: 1 }, { no_device: 2 }),
  },
};

export const NOTIFICATION_EXAMPLES: readonly Example[] = [{ name: "completed", answer: NOTIFICATION }];
export const NOTIFICATION_LIST_EXAMPLES: readonly Example[] = [
  { name: "one", answer: { data: [NOTIFICATION], nextCursor: null } },
];

export const DELIVERY_EXAMPLES: readonly Example[] = [
  {
    name: "log",
    answer: {
      data: [
        {
          userId: "user-1",
          channelKey: "in-app-alerts",
          status: "delivered",
          reason: null,
          message: null,
          attempts: 0,
          createdAt: CREATED,
          deliveredAt: "2026-11-21T09:36:26.101Z",
          viewedAt: null,
          clickedAt: null,
        },
        {
          userId: "user-1",
          channelKey: "mobile-push",
          status: "skipped",
          reason: "no_device",
          message: null,
          attempts: 0,
          createdAt: CREATED,
          deliveredAt: null,
          viewedAt: null,
          clickedAt: null,
        },
      ],
      nextCursor: "WyIwIiwiMSIsIjAiXQ",
    },
  },
];

export const SERIES_EXAMPLES: readonly Example[] = [
  {
    name: "twoDays",
    answer: [
      {
        channelType: "in_app",
        delivered: 120,
        viewed: 48,
        clicked: 9,
        timeSeries: [
          { date: "2026-11-20", delivered: 70, viewed: 30, clicked: 5 },
          { date: "2026-11-21", delivered: 50, viewed: 18, clicked: 4 },
        ],
      },
    ],
  },
];

const USER = {
  uid: "user-jane-123",
  name: "Jane",
  avatar: null,
  role: "default",
  metadata: { plan: "pro" },
  status: "offline",
  createdAt: CREATED,
  updatedAt: CREATED,
};

export const USER_EXAMPLES: readonly Example[] = [
  {
    name: "jane",
    request: { uid: "user-jane-123", name: "Jane", metadata: { plan: "pro" } },
    answer: USER,
  },
];
export const USER_CHANGE_EXAMPLES: readonly Example[] = [
  { name: "name", request: { name: "Jane Doe" }, answer: { ...USER, name: "Jane Doe" } },
];

export const USER_TOKEN_EXAMPLES: readonly Example[] = [
  {
    name: "anHour",
    request: { expiresInSeconds: 3600 },
    answer: { authToken: "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", expiresAt: "2026-11-21T10:36:25.000Z" },
  },
];

export const READ_ONLY_TOKEN_EXAMPLES: readonly Example[] = [
  {
    name: "tenMinutes",
    answer: { authToken: "eyJhbGciOiJIUzI1NiJ9.e30.cmVhZCBvbmx5", expiresAt: "2026-11-21T09:46:25.000Z" },
  },
];

export const DEVICE_EXAMPLES: readonly Example[] = [
  {
    name: "fcm",
    request: { provider: "fcm", token: "dGhlIGRldmljZSdzIHRva2Vu" },
    answer: {
      id: "01a1fda0-3d4e-7fff-85b6-8a7f6e5d4c3b",
      provider: "fcm",
      token: "dGhlIGRldmljZSdzIHRva2Vu",
      createdAt: CREATED,
      updatedAt: CREATED,
    },
  },
];
