import { describe, expect, it } from "vitest";
import { Circuits } from "../../src/channels/dispatch/circuits.ts";
import { FairMap } from "../../src/outbound/fair-map.ts";

describe("a fair map", () => {
  it("keeps an owner's newest thousand", () => {
    const map = new FairMap<number>();
    for (let index = 0; index < 1100; index++) map.set("shop", `key-${index}`, index);
    expect(map.entries("shop")).toHaveLength(1000);
    expect([map.get("shop", "key-99"), map.get("shop", "key-100")]).toEqual([undefined, 100]);
  });

  it("lets no owner push another's entries out", () => {
    const map = new FairMap<number>();
    map.set("quiet", "only", 1);
    for (let owner = 0; owner < 20; owner++) {
      for (let index = 0; index < 1000; index++) map.set(`loud-${owner}`, `key-${index}`, index);
    }
    expect(map.get("quiet", "only")).toBe(1);
    expect(map.entries(null).length).toBeLessThanOrEqual(10_000);
  });

  it("forgets what is deleted, and counts it no more", () => {
    const map = new FairMap<number>();
    for (let round = 0; round < 20_000; round++) {
      map.set("shop", `key-${round}`, round);
      map.delete("shop", `key-${round}`);
    }
    map.set("shop", "kept", 1);
    expect(map.entries(null)).toEqual([["shop", "kept", 1]]);
  });
});

it("circuits of one app stay open whatever number another has", () => {
  const circuits = new Circuits();
  circuits.block("quiet:push:fcm", 7);
  for (let index = 0; index < 3000; index++) circuits.block(`loud:push:https://push-${index}.example.com`, 7);
  expect(circuits.isOpen("quiet:push:fcm")).toBe(true);
  expect(circuits.listOpen("quiet:push:")).toEqual([["fcm", 7]]);
  expect(circuits.listOpen("loud:push:")).toHaveLength(1000);
});
