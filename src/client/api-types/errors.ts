/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export interface ApiError {
  error: {
    code:
      | "ERR_BAD_REQUEST"
      | "ERR_INVALID_VARIABLES"
      | "ERR_TARGET_LIMIT_EXCEEDED"
      | "ERR_INVALID_MODE"
      | "ERR_NO_CHANNELS"
      | "ERR_INVALID_TARGETS_FILE"
      | "ERR_UNAUTHORIZED"
      | "ERR_FORBIDDEN"
      | "ERR_NOT_FOUND"
      | "ERR_TEMPLATE_NOT_FOUND"
      | "ERR_UID_NOT_FOUND"
      | "ERR_METHOD_NOT_ALLOWED"
      | "ERR_TEMPLATE_NOT_APPROVED"
      | "ERR_CONFLICT"
      | "ERR_UID_ALREADY_EXISTS"
      | "ERR_IDEMPOTENCY_CONFLICT"
      | "ERR_QUOTA_EXCEEDED"
      | "ERR_PAYLOAD_TOO_LARGE"
      | "ERR_UNSUPPORTED_ENCODING"
      | "ERR_TOO_MANY_REQUESTS"
      | "ERR_INTERNAL"
      | "ERR_UNAVAILABLE"
      | "ERR_STORAGE_FULL";
    message: string;
    devMessage: string;
    details?: {
      [k: string]: string;
    };
  };
}
