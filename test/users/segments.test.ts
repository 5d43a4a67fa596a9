import { runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { it } from "vitest";
import { createApp } from "../support/api.ts";
import { Model, USERS } from "./segment-model.ts";

type Step = (model: Model) => void | Promise<void>;

const user = fc.constantFrom(...USERS);
const number = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.subarray(USERS, { maxLength: 3 }).map(
      (failing): Step =>
        (model) =>
          model.send(failing),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(number, fc.nat(1), fc.integer({ min: 0, max: 3 })).map(
      ([which, part, cut]): Step =>
        (model) =>
          model.deliver(which, part, cut === 0),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(number, fc.nat(1)).map(
      ([which, part]): Step =>
        (model) =>
          model.deliverRows(which, part),
    ),
  },
  {
    weight: 2,
    arbitrary: user.map(
      (userId): Step =>
        (model) =>
          model.checkFeed(userId),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(number, user).map(
      ([which, uid]): Step =>
        (model) =>
          model.view(which, uid),
    ),
  },
  {
    weight: 1,
    arbitrary: user.map(
      (userId): Step =>
        (model) =>
          model.viewAll(userId),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(number, user).map(
      ([which, uid]): Step =>
        (model) =>
          model.engage(which, uid),
    ),
  },
  {
    weight: 1,
    arbitrary: user.map(
      (userId): Step =>
        (model) =>
          model.delete(userId),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((model) => model.evict()) },
);

it("any order of parts, reads, marks and deletions gives what a plain list of deliveries gives", {
  timeout: 240_000,
}, async () => {
  const app = await createApp();
  let shards = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const model = new Model(app, shards++);
      for (const take of steps) await take(model);
      for (const userId of USERS) await model.checkFeed(userId);
      await model.checkCounts();
      await runDurableObjectAlarm(model.object);
      await model.checkErased();
    }),
    { numRuns: 150 },
  );
});
