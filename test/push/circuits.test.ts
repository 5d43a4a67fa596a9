import { describe, expect, it } from "vitest";
import { Circuits } from "../../src/channels/dispatch/circuits.ts";
import { readConfig } from "../../src/env.ts";
import type { AddressReport } from "../../src/model/dispatch.ts";
import type { DueTable } from "../../src/objects/kit/due.ts";
import { DispatchCircuits } from "../../src/objects/user-shard/dispatch-circuits.ts";
import type { DispatchWakes } from "../../src/objects/user-shard/dispatch-wakes.ts";
import { bindings } from "../support/faults.ts";

const PROBE_MS = 30_000;

function fail(circuits: Circuits, times: number, now = 0, scope = "fcm"): void {
  for (let count = 0; count < times; count++) circuits.noteFailure(scope, now, PROBE_MS);
}

describe("a circuit", () => {
  it("lets everything pass until five failures in a row", () => {
    const circuits = new Circuits();
    fail(circuits, 4);
    expect(circuits.tryPass("fcm", 0, PROBE_MS)).toBe(true);
    circuits.noteAnswer("fcm");
    fail(circuits, 4);
    expect(circuits.isOpen("fcm")).toBe(false);
    fail(circuits, 1);
    expect(circuits.isOpen("fcm")).toBe(true);
    expect(circuits.tryPass("fcm", PROBE_MS - 1, PROBE_MS)).toBe(false);
  });

  it("lets one probe pass per interval, and closes with an answer", () => {
    const circuits = new Circuits();
    fail(circuits, 5);
    expect(circuits.tryPass("fcm", PROBE_MS, PROBE_MS)).toBe(true);
    expect(circuits.tryPass("fcm", PROBE_MS, PROBE_MS)).toBe(false);
    expect(circuits.tryPass("fcm", 2 * PROBE_MS, PROBE_MS)).toBe(true);
    expect(circuits.noteAnswer("fcm")).toBe(true);
    expect(circuits.tryPass("fcm", 2 * PROBE_MS, PROBE_MS)).toBe(true);
    expect(circuits.noteAnswer("fcm")).toBe(false);
  });

  it("waits as long as the provider asks for", () => {
    const circuits = new Circuits();
    fail(circuits, 4);
    circuits.noteFailure("fcm", 0, 120_000);
    expect(circuits.listOpen("")).toEqual([["fcm", 120_000]]);
  });

  it("is one per scope, and is listed by prefix", () => {
    const circuits = new Circuits();
    fail(circuits, 5, 0, "shop:push:fcm");
    circuits.block("shop:push:https://push.example.com", 7);
    circuits.block("shop:other:fcm", 9);
    expect(circuits.tryPass("shop:push:apns", 0, PROBE_MS)).toBe(true);
    expect(circuits.listOpen("shop:push:")).toEqual([
      ["fcm", PROBE_MS],
      ["https://push.example.com", 7],
    ]);
    circuits.forget("shop:push:fcm");
    expect(circuits.listOpen("shop:push:")).toEqual([["https://push.example.com", 7]]);
  });

  it("is forgotten, the oldest first, where there are too many", () => {
    const circuits = new Circuits();
    for (let index = 0; index < 1100; index++) circuits.block(`scope-${index}`, 1);
    expect(circuits.listOpen("")).toHaveLength(1000);
    expect(circuits.isOpen("scope-99")).toBe(false);
    expect(circuits.isOpen("scope-1099")).toBe(true);
  });
});

describe("a shard's circuit", () => {
  const report = (outcome: AddressReport["outcome"], wasAsked: boolean): AddressReport => ({
    key: "a",
    version: "1",
    outcome,
    wasAsked,
  });
  const down = report({ outcome: "retry", message: "503", afterMs: 86_400_000 }, true);

  function createCircuits(): DispatchCircuits {
    const due = { bringForward: () => {} } as unknown as DueTable;
    const wakes = { wakeDue: () => null } as unknown as DispatchWakes;
    const circuits = new DispatchCircuits(wakes, due, { ...readConfig(bindings).push, probeMs: PROBE_MS });
    for (let count = 0; count < 5; count++) circuits.note("push", "fcm", down, 0);
    return circuits;
  }

  it("isn't closed by what the provider wasn't asked for", () => {
    const circuits = createCircuits();
    const tooLarge = { outcome: "rejected", reason: "payload_too_large", message: "" } as const;
    circuits.note("push", "fcm", report(tooLarge, false), 1);
    circuits.note("push", "fcm", report({ outcome: "untried" }, false), 1);
    expect(circuits.listOpen("push")).toEqual(["fcm"]);
    circuits.note("push", "fcm", report(tooLarge, true), 1);
    expect(circuits.listOpen("push")).toEqual([]);
  });

  it("isn't opened by failures of our own", () => {
    const circuits = createCircuits();
    const own = report({ outcome: "retry", message: "the push service failed", afterMs: null }, false);
    for (let count = 0; count < 9; count++) circuits.note("push", "apns", own, 0);
    expect(circuits.listOpen("push")).toEqual(["fcm"]);
  });

  it("is probed every interval, however long one device or another sender would wait", () => {
    const circuits = createCircuits();
    circuits.block("push", "apns", 86_400_000, 0);
    expect(circuits.listProbeable("push", PROBE_MS - 1)).toEqual([]);
    expect(circuits.listProbeable("push", PROBE_MS)).toEqual(["fcm", "apns"]);
    circuits.takeProbe("push", "fcm", PROBE_MS);
    expect(circuits.listProbeable("push", PROBE_MS)).toEqual(["apns"]);
  });
});
