/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export type AuditAction =
  | "app.created"
  | "app.quotas_updated"
  | "app.root_secret_rotated"
  | "key.created"
  | "key.revoked"
  | "channel.created"
  | "channel.updated"
  | "channel.providers_updated"
  | "template.created"
  | "template.updated"
  | "template.approved"
  | "template.archived"
  | "targets_file.uploaded"
  | "targets_file.deleted"
  | "webhook.created"
  | "webhook.updated"
  | "webhook.secret_rotated"
  | "webhook.deleted"
  | "webhook.disabled"
  | "notification.retried"
  | "dashboard.opened"
  | "user.deleted"
  | "user.tokens_revoked"
  | "user.token_removed"
  | "user.read_token_issued"
  | "user.deactivated"
  | "user.activated"
  | "notification.sent";

export type AuditTargetType =
  "app" | "key" | "channel" | "template" | "targets_file" | "webhook" | "notification" | "user";

export interface AuditLogOperations {
  /**
   * GET /v3/business-messaging/api/audit-log
   *
   * Who did what, newest first
   */
  listAuditLog: {
    query: {
      limit?: number;
      cursor?: string;
      action?: AuditAction;
      targetType?: AuditTargetType;
      targetId?: string;
      actor?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      from?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      to?: string;
    };
    answer: {
      data: AuditEntry[];
      nextCursor: string | null;
    };
  };
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: {
    type: "api_key" | "admin" | "onecall";
    key: string | null;
    keyId: string | null;
  };
  action: AuditAction;
  target: {
    type: AuditTargetType;
    id: string;
  };
  details: {
    [k: string]: unknown;
  };
  requestId: string | null;
}
