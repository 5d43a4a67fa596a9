import type { TestProject } from "vitest/node";
import { startFakeProviders } from "./server.ts";

/** One server of fake providers for the whole run; each test has a project of its own on it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const providers = await startFakeProviders();
  project.provide("providersUrl", providers.url);
  return () => providers.stop();
}
