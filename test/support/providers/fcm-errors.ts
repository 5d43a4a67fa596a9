import { type Answer, htmlAnswer, jsonAnswer } from "./answers.ts";

interface FcmError {
  message: string;
  /** google.rpc.Code */
  status: string;
  errorCode: string;
}

const AUTH_MESSAGE =
  "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.";

const ERRORS = new Map<number, FcmError>([
  [400, invalidArgument("Request contains an invalid argument.")],
  [401, { message: AUTH_MESSAGE, status: "UNAUTHENTICATED", errorCode: "THIRD_PARTY_AUTH_ERROR" }],
  [403, { message: "SenderId mismatch", status: "PERMISSION_DENIED", errorCode: "SENDER_ID_MISMATCH" }],
  [404, { message: "Requested entity was not found.", status: "NOT_FOUND", errorCode: "UNREGISTERED" }],
  [
    429,
    {
      message: "Quota exceeded for quota metric.",
      status: "RESOURCE_EXHAUSTED",
      errorCode: "QUOTA_EXCEEDED",
    },
  ],
  [500, { message: "Internal error encountered.", status: "INTERNAL", errorCode: "INTERNAL" }],
  [
    503,
    { message: "The service is currently unavailable.", status: "UNAVAILABLE", errorCode: "UNAVAILABLE" },
  ],
]);

/** The error that FCM gives with this status; what isn't FCM's own comes from Google's load balancer. */
export function fcmErrorAnswer(status: number): Answer {
  const error = ERRORS.get(status);
  return error ? errorAnswer(status, error) : htmlAnswer(status);
}

/** https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode: INVALID_ARGUMENT */
export function invalidArgumentAnswer(message: string): Answer {
  return errorAnswer(400, invalidArgument(message));
}

/** The access token is missing, unknown, expired or another project's: no error of FCM's, so no FcmError. */
export function unauthenticatedAnswer(): Answer {
  const details = [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "ACCESS_TOKEN_EXPIRED",
      domain: "googleapis.com",
      metadata: { service: "fcm.googleapis.com", method: "google.firebase.fcm.v1.FcmService.SendMessage" },
    },
  ];
  const error = { code: 401, message: AUTH_MESSAGE, status: "UNAUTHENTICATED", details };
  return jsonAnswer(401, { error }, { "www-authenticate": 'Bearer realm="https://accounts.google.com/"' });
}

function errorAnswer(code: number, { message, status, errorCode }: FcmError): Answer {
  const details = [{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode }];
  return jsonAnswer(code, { error: { code, message, status, details } });
}

function invalidArgument(message: string): FcmError {
  return { message, status: "INVALID_ARGUMENT", errorCode: "INVALID_ARGUMENT" };
}
