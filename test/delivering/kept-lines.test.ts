import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeVariables } from "../../src/audiences/row-values.ts";
import { findChannel } from "../../src/channels/table.ts";
import { canKeepLines, cutIntoParts } from "../../src/delivering/segments.ts";
import type { DeliveryContext, RawTarget } from "../../src/delivering/target.ts";
import type { NotificationHeader } from "../../src/model/notification.ts";
import { findLine, indexTargets, readLine } from "../../src/model/segment.ts";
import { compileTemplate } from "../../src/templates/compile.ts";
import { createReadyApp } from "../support/api.ts";
import { writeCsv } from "../support/csv.ts";
import { uploadCsv } from "../support/targets-files.ts";
import { shardStubOf } from "../support/users.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** A chunk whose rows are known to be full is stored as it is in its audience: of a target only its id is read. */

const SCHEMA = {
  customerName: { type: "string", required: true },
  orderId: { type: "string", required: true },
} as const;
const TEMPLATE = compileTemplate({
  content: { inbox: { text: "Hello {{customerName}}, {{orderId}}" } },
  variableSchema: SCHEMA,
});

function contextOf(type: "in_app" | "push"): DeliveryContext {
  const channel = findChannel(type);
  if (channel === null) throw new Error("A channel's type is gone");
  return {
    template: TEMPLATE,
    channels: [{ key: "inbox", type }],
    enabled: new Map([["inbox", { channel, hasAccount: true }]]),
    isExpired: false,
  };
}

const header: Pick<NotificationHeader, "webhookEvents"> = {};
const fileOf = (columns: string[], hasOverrides = false) =>
  placeVariables({ source: { kind: "file", hasOverrides } as never, columns }, TEMPLATE.variables);

describe("lines can be kept", () => {
  it("only where none of their targets is an exception, and then read as the same values", () => {
    const texts = fc.string({ unit: "binary", maxLength: 6000 }).map((text) => text.toWellFormed());
    const rows = fc.uniqueArray(fc.tuple(fc.string({ unit: "binary", minLength: 1 }), texts, texts), {
      selector: ([id]) => id,
      minLength: 1,
      maxLength: 20,
    });
    const context = contextOf("in_app");
    const places = fileOf(["orderId", "customerName"]);
    expect(places).toEqual([2, 1]);
    let kept = 0;
    fc.assert(
      fc.property(rows, (found) => {
        const lines = found.map((row) => JSON.stringify(row));
        const longestFullRow = Math.max(...lines.map((line) => Buffer.byteLength(line)));
        const targets = found.map(([id, orderId, name]): RawTarget => [id, [name, orderId]]);
        const [part, ...others] = cutIntoParts(context, 0, targets, new Map(), true);
        const indexed = indexTargets(lines.join("\n"), places);
        for (const [id, values] of targets) {
          const place = findLine(indexed, id);
          expect(readLine(indexed.lines.slice(place?.start, place?.end), indexed.places).values).toEqual(
            values,
          );
        }
        if (!canKeepLines(context, { places, header: header as NotificationHeader }, { longestFullRow }))
          return;
        kept++;
        expect([part?.exceptions, others]).toEqual([[], []]);
      }),
    );
    expect(kept).toBeGreaterThan(10);
  });

  it("neither of an earlier version's chunk, nor where addresses have to be asked for, nor where a text may be too large", () => {
    const plan = { places: [1, 2], header: header as NotificationHeader };
    expect(canKeepLines(contextOf("in_app"), plan, { longestFullRow: 100 })).toBe(true);
    expect(canKeepLines(contextOf("in_app"), plan, {})).toBe(false);
    expect(canKeepLines(contextOf("in_app"), { ...plan, places: null }, { longestFullRow: 100 })).toBe(false);
    expect(canKeepLines(contextOf("push"), plan, { longestFullRow: 100 })).toBe(false);
    expect(canKeepLines(contextOf("in_app"), plan, { longestFullRow: 16_000 })).toBe(false);
  });

  it("of a file whose columns are the variables, in any order, and nothing is said beside it", () => {
    expect(fileOf(["customerName", "orderId"])).toEqual([1, 2]);
    expect(fileOf(["customerName"])).toBeNull();
    expect(fileOf(["customerName", "orderId", "salary"])).toBeNull();
    expect(fileOf(["customerName", "orderId"], true)).toBeNull();
  });
});

describe("a file's targets", () => {
  it.each([
    ["in another order", ["orderId", "user_id", "customerName"], ["O-%", "%", "N-%"]],
    [
      "with a column that the template doesn't have",
      ["user_id", "customerName", "salary", "orderId"],
      ["%", "N-%", "99", "O-%"],
    ],
  ])("%s get their own texts; what no variable takes is stored nowhere", async (_, head, cells) => {
    const app = await createReadyApp();
    const users = ["mia", 'q"uote', "back\\slash", "ünï-😀", "a],[b"];
    const rows = users.map((id) => cells.map((cell) => cell.replace("%", id)));
    await uploadCsv(app, "targets.csv", writeCsv([head, ...rows], "\n"));
    const body = { template: { key: "order-confirmation" }, targetsFile: "targets.csv", mode: "batch" };
    const { notificationId: id } = (await app.api("POST", "/notifications/send", body)).body;
    await waitUntilCompleted(app, id);
    for (const user of users) {
      const { body: feed } = await (await app.asUser(user))("GET", "/feed");
      expect(feed.data.map((item: { content: unknown }) => item.content)).toEqual([
        { text: `Hello N-${user}, your order is O-${user}.` },
      ]);
      const stub = await shardStubOf(app, user);
      const lines = await runInDurableObject(stub, (__, { storage }) =>
        storage.sql.exec<{ lines: string }>("SELECT lines FROM segments").toArray(),
      );
      for (const row of lines) expect(row.lines).not.toContain('"99"');
    }
  });

  it("of whom one lacks a value: that one fails, the others don't", async () => {
    const app = await createReadyApp({ variableSchema: SCHEMA });
    const table = [
      ["user_id", "orderId", "customerName"],
      ["mia", "O-1", "Mia"],
      ["leo", "O-2", ""],
    ];
    await uploadCsv(app, "gaps.csv", writeCsv(table, "\n"));
    const body = { template: { key: "order-confirmation" }, targetsFile: "gaps.csv", mode: "batch" };
    const { notificationId: id } = (await app.api("POST", "/notifications/send", body)).body;
    const { counts } = await waitUntilCompleted(app, id);
    expect(counts["in-app-alerts"]).toMatchObject({ delivered: 1, failed: { missing_variables: 1 } });
    expect((await app.api("GET", `/notifications/${id}/deliveries?status=failed`)).body.data).toMatchObject([
      { userId: "leo", reason: "missing_variables" },
    ]);
  });
});
