/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export type DeliveryStatus = "pending" | "delivered" | "failed" | "skipped" | "cancelled";

export type DeliveryReason =
  | "missing_variables"
  | "invalid_variables"
  | "provider_rejected"
  | "provider_unavailable"
  | "payload_too_large"
  | "empty_content"
  | "expired"
  | "internal_error"
  | "no_device"
  | "channel_disabled"
  | "user_deleted"
  | "user_deactivated"
  | "opted_out"
  | "no_address";

export type Device =
  | {
      id: string;
      provider: "fcm";
      token: string;
      createdAt: string;
      updatedAt: string;
    }
  | {
      id: string;
      provider: "apns";
      token: string;
      topic: string | null;
      sandbox: boolean;
      createdAt: string;
      updatedAt: string;
    }
  | {
      id: string;
      provider: "webpush";
      endpoint: string;
      createdAt: string;
      updatedAt: string;
    };

export interface ChannelCounts {
  type: "in_app" | "push" | "webhook";
  total: number;
  delivered: number;
  failed: {
    [k: string]: number;
  };
  skipped: {
    [k: string]: number;
  };
  cancelled: number;
  pending: number;
  viewed: number;
  clicked: number;
}

export interface NewDevice {
  provider: "fcm" | "apns" | "webpush";
  token?: string;
  topic?: string | null;
  sandbox?: boolean;
  endpoint?: string;
  keys?: {
    p256dh: string;
    auth: string;
  };
}
