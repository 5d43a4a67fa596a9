import { describe, expect, it } from "vitest";
import { kindOfQueue } from "../../src/queues/names.ts";

describe("a queue's kind", () => {
  it.each([
    ["onecall-deliveries-high", "deliveries"],
    ["onecall-push-low", "dispatches"],
    ["onecall-push-slow", "dispatches"],
    ["onecall-dead-letters", "dead-letters"],
    ["my-push-app-deliveries-normal", "deliveries"],
    ["dead-letters-push-normal", "dispatches"],
  ])("is told by the end of its name: %s", (name, kind) => {
    expect(kindOfQueue(name)).toBe(kind);
  });

  it.each(["onecall-webhooks", "onecall-push", "onecall-deliveries-urgent", "onecall-deliveries-slow", ""])(
    "is refused where it is none of Onecall's: %s",
    (name) => {
      expect(() => kindOfQueue(name)).toThrow("none of Onecall's");
    },
  );
});
