import { expect, it } from "vitest";
import { readFcmAnswer } from "../../src/channels/push/fcm/request.ts";

it("FCM's 429 without a Retry-After waits a minute, one with it so long, and another failure as ever", () => {
  const answer = (status: number, retryAfterMs: number | null) =>
    readFcmAnswer({ status, text: "", retryAfterMs });
  expect(answer(429, null)).toMatchObject({ outcome: "retry", afterMs: 60_000 });
  expect(answer(429, 7000)).toMatchObject({ outcome: "retry", afterMs: 7000 });
  expect(answer(429, 0)).toMatchObject({ outcome: "retry", afterMs: 0 });
  expect(answer(503, null)).toMatchObject({ outcome: "retry", afterMs: null });
});
