import type { Example } from "../http/route.ts";

/** The seeds' own examples of a send, as the OpenAPI document shows them. */

const [IN_APP, PUSH] = [
  { key: "in-app-alerts", type: "in_app" },
  { key: "mobile-push", type: "push" },
];

const photoOf = (name: string) => ({ url: `https://example.com/${name}.jpg`, width: 100, height: 100 });
const linkOf = (id: string) => ({ type: "web", data: `https://example.com/appointments/${id}` });

/** Seeds 000 and 001. */
export const SEND_EXAMPLES: readonly Example[] = [
  {
    name: "realtime",
    request: {
      template: { key: "order-confirmation", variables: { customerName: "Jane", orderId: "ORD-12345" } },
      targets: ["user-jane-123"],
      mode: "realtime",
      title: "Order Confirmed",
      tag: "orders",
    },
    answer: {
      notificationId: "notif_abc123",
      templateKey: "order-confirmation",
      channels: ["in_app", "push"],
      mode: "realtime",
      title: "Order Confirmed",
      tag: "orders",
      sentFrom: "api",
      createdAt: "2024-01-15T09:30:00.000Z",
    },
  },
  {
    name: "batchWithVariables",
    request: {
      template: {
        key: "appointment-reminder",
        variables: {
          user_1: { name: "Bob", appointment_number: "32893", photo: photoOf("bob"), cta: linkOf("32893") },
          user_2: {
            name: "Alice",
            appointment_number: "44521",
            photo: photoOf("alice"),
            cta: linkOf("44521"),
          },
        },
      },
      targets: ["user_1", "user_2"],
      mode: "batch",
      title: "Appointment Reminder",
      tag: "appointments",
    },
    answer: {
      notificationId: "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
      templateKey: "appointment-reminder",
      channels: [IN_APP, PUSH],
      mode: "batch",
      title: "Appointment Reminder",
      tag: "appointments",
      sentFrom: { type: "api", value: "****abcd" },
      createdAt: "2026-04-15T10:30:00.000Z",
    },
  },
  {
    name: "batchWithoutVariables",
    request: {
      template: { key: "system-maintenance-notice" },
      targets: ["user_1", "user_2", "user_3", "user_4", "user_5"],
      mode: "batch",
      title: "Scheduled Maintenance",
      tag: "system",
    },
  },
];

/** Seed 003 has no example of its own: these are its two modes. */
export const CAMPAIGN_EXAMPLES: readonly Example[] = [
  {
    name: "realtime",
    request: {
      templateId: "order-confirmation",
      receivers: ["jane", "bob"],
      tag: "orders",
      variables: {
        jane: { customerName: "Jane", orderId: "1" },
        bob: { customerName: "Bob", orderId: "2" },
      },
    },
    answer: {
      data: {
        notificationId: "01a1fd94-0a74-7fff-a6c1-2236e86f8ba2",
        channels: ["in_app", "push"],
        mode: "realtime",
      },
    },
  },
];

/** Seed 004. */
export const PLATFORM_SEND_EXAMPLES: readonly Example[] = [
  {
    name: "realtime",
    request: {
      template: {
        key: "appointment-reminder",
        variables: { "sendbird-user_1": { name: "Bob Barker", appointment_number: "32893" } },
        notification_push_data: { key: "value1", key2: "value2" },
      },
      targets: ["sendbird-user_1"],
      mode: "realtime",
      tag: "appointments",
      title: "Appointment Reminder",
    },
    answer: {
      notification_id: "7190607145580961921",
      template_key: "appointment-reminder",
      channels: [
        { key: "message-center", type: "feed" },
        { key: "push", type: "push" },
      ],
      mode: "realtime",
      title: "Appointment Reminder",
      tag: "appointments",
      sent_from: { type: "api", value: "************************************82aa" },
      created_at: 1714374338539,
    },
  },
];
