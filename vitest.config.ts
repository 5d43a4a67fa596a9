import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { providerVariables } from "./scripts/provider-variables.ts";

export default defineConfig({
  plugins: [
    cloudflareTest(({ inject }) => ({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          ADMIN_TOKEN: "test-admin-token",
          STALL_SECONDS: 1,
          PUSH_TIMEOUT_SECONDS: 1,
          PUSH_RETRY_SECONDS: 0.002,
          PUSH_PROBE_SECONDS: 0.2,
          ...providerVariables(inject("providersUrl")),
        },
      },
    })),
  ],
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**", "test/bench/**"],
    globalSetup: "test/support/providers/global-setup.ts",
    setupFiles: "test/support/real-time.ts",
    // One worker for many files: to start one for each took as long as the tests.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
