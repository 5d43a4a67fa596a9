import assert from "node:assert/strict";
import type { Answered } from "./requests.ts";

export function assertFcmError(answer: Answered, code: number, status: string, errorCode: string): void {
  const { error } = JSON.parse(answer.text);
  assert.deepEqual([answer.status, error.code, error.status], [code, code, status], answer.text);
  const type = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
  assert.deepEqual(error.details, [{ "@type": type, errorCode }]);
}

export function assertReason(answer: Answered, status: number, reason: string): void {
  assert.deepEqual([answer.status, JSON.parse(answer.text).reason], [status, reason]);
}
