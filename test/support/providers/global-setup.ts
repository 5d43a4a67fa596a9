import type { TestProject } from "vitest/node";
import { startWebhookReceiver } from "../webhook-receiver/server.ts";
import { startFakeProviders } from "./server.ts";

/**
 * One server of fake providers and one receiver of webhooks for the whole run; each test has a project and inboxes of
 * its own on them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [providers, receiver] = await Promise.all([startFakeProviders(), startWebhookReceiver()]);
  project.provide("providersUrl", providers.url);
  project.provide("receiverUrl", receiver.url);
  return async () => {
    await Promise.all([providers.stop(), receiver.stop()]);
  };
}
