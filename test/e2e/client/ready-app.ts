import type { LocalWorker } from "../../../scripts/local-worker.ts";
import { Onecall } from "../../../src/client/index.ts";

export interface ReadyApp {
  id: string;
  apiKey: string;
  onecall: Onecall;
}

/** An app with a channel and the template `order-confirmation`, made by the client itself. */
export async function createReadyApp({ url, adminToken }: LocalWorker): Promise<ReadyApp> {
  const { id, apiKey } = await new Onecall({ url, adminToken }).admin.createApp({ name: "Client" });
  const onecall = new Onecall({ url, apiKey });
  await onecall.channels.create({ name: "In-app", key: "in-app", type: "in_app" });
  await onecall.templates.create({
    name: "Order confirmation",
    key: "order-confirmation",
    channelKeys: ["in-app"],
    content: { "in-app": { title: "Thanks, {{customerName}}", body: "Order {{orderId}} is on its way." } },
    variableSchema: {
      customerName: { type: "string" },
      orderId: { type: "string" },
      photo: { type: "image", required: false },
      open: { type: "action", required: false },
    },
  });
  await onecall.templates.approve("order-confirmation");
  return { id, apiKey, onecall };
}
