import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { providerVariables } from "./scripts/provider-variables.ts";
import { keepStorageInMemory } from "./scripts/test-storage.ts";

keepStorageInMemory();

/**
 * Proofs that take long: silent providers and slow clients, objects that die, random calls, many chunks, shards and rows,
 * clocks that are days ahead: `npm run test:slow`, a worker for each file. It costs as much as thirty tests to start one.
 */
const SLOW_TESTS = [
  "test/api/fuzz.test.ts",
  "test/api/isolation.test.ts",
  "test/apps/shards.test.ts",
  "test/apps/strangers.test.ts",
  "test/audiences/upload-cuts.test.ts",
  "test/audiences/upload-pace.test.ts",
  "test/audit-log/retention.test.ts",
  "test/campaigns/faults.test.ts",
  "test/channels/webhook-batch.test.ts",
  "test/client/faults.test.ts",
  "test/client/silence.test.ts",
  "test/http/large-bodies.test.ts",
  "test/http/large-lists.test.ts",
  "test/notifications/audience-end.test.ts",
  "test/notifications/faults.test.ts",
  "test/notifications/file-audience-end.test.ts",
  "test/notifications/ledger-size.test.ts",
  "test/notifications/plan-details.test.ts",
  "test/notifications/queue-window.test.ts",
  "test/notifications/retry-limits.test.ts",
  "test/operations/days.test.ts",
  "test/operations/erasure-aftermath.test.ts",
  "test/operations/erasure.test.ts",
  "test/operations/wake-objects.test.ts",
  "test/push/circuits-in-shard.test.ts",
  "test/push/dead-provider.test.ts",
  "test/push/delivered-once.test.ts",
  "test/push/faults.test.ts",
  "test/push/silent-services.test.ts",
  "test/users/retry-values.test.ts",
  "test/users/segments.test.ts",
  "test/users/shard-size.test.ts",
  "test/users/stuck-ledgers.test.ts",
  "test/webhooks/faults.test.ts",
  "test/webhooks/schedule.test.ts",
];

/** Slow ones that can share a worker: many users, rows, routes and spellings, and waits for repeats. */
const LONG_TESTS = [
  "test/analytics/events.test.ts",
  "test/api/cursors.test.ts",
  "test/audiences/csv-tables.test.ts",
  "test/http/body.test.ts",
  "test/http/public-url-spellings.test.ts",
  "test/notifications/delivery-log-cells.test.ts",
  "test/notifications/delivery-log.test.ts",
  "test/notifications/retry-one.test.ts",
  "test/notifications/retry.test.ts",
  "test/operations/room.test.ts",
  "test/push/user-in-flight.test.ts",
  "test/users/large-users.test.ts",
  "test/webhooks/endpoint-object.test.ts",
  "test/webhooks/events.test.ts",
  "test/webhooks/outbox.test.ts",
  "test/webhooks/recovery.test.ts",
];

const TESTS_ALONE = ["test/isolate-budget.test.ts", "test/notifications/copies-and-limits.test.ts"];

export default defineConfig({
  plugins: [
    cloudflareTest(({ inject }) => ({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          ADMIN_TOKEN: "test-admin-token",
          SECRETS_KEY: "the tests' own key for the secrets of apps",
          STALL_SECONDS: 1,
          PUSH_RETRY_SECONDS: 0.002,
          PUSH_PROBE_SECONDS: 0.2,
          WEBHOOK_TIMEOUT_SECONDS: 5,
          ...providerVariables(inject("providersUrl")),
        },
      },
    })),
  ],
  test: {
    globalSetup: "test/support/providers/global-setup.ts",
    // The first makes calls cheap, the second explains each statement that an object executes.
    setupFiles: ["test/support/main-module.ts", "test/support/query-plans/record.ts"],
    // Tests wait on conditions: how long that may take is a matter of who else uses the machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 4,
    // `.ci/run` alone sets it: what depends on the machine's load isn't to lose work. Locally a failure is a failure.
    retry: Number(process.env.TEST_RETRIES ?? 0),
    projects: [
      {
        extends: true,
        test: {
          name: "shared",
          setupFiles: ["test/support/one-clock.ts"],
          include: ["test/**/*.test.ts"],
          exclude: [
            "test/e2e/**",
            "test/bench/**",
            "test/chaos/**",
            "test/soak/**",
            "test/web/**",
            ...TESTS_ALONE,
            ...SLOW_TESTS,
            ...LONG_TESTS,
          ],
          // One worker for many files: to start one for each took as long as the tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "long",
          setupFiles: ["test/support/one-clock.ts"],
          include: LONG_TESTS,
          isolate: false,
        },
      },
      // They use an isolate's limits up, or set the clock ahead: UUIDv7s that were made then are followed by later ones in
      // the same worker.
      { extends: true, test: { name: "alone", include: TESTS_ALONE } },
      { extends: true, test: { name: "slow", include: SLOW_TESTS } },
    ],
  },
});
