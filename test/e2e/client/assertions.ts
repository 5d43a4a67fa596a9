/** Programs of a user, which the compiler must take as they are: a line below `@ts-expect-error` must be wrong. */

/** With what `onecall types` wrote of the app's templates. */
export const TYPED = `
import { Onecall, OnecallError, type Notification, type OnecallErrorCode, type SentRealtime } from "onecall/client";

const onecall = new Onecall({ url: "https://onecall.example.com", apiKey: "key" });
const { notifications } = onecall;
const order = { customerName: "Jane", orderId: 7 };

export const sent: Promise<SentRealtime> = notifications.send("order-confirmation", order, { to: "jane" });
notifications.send("order-confirmation", { ...order, photo: { url: "u", width: 1, height: 1 } }, { to: "jane", expiresAt: new Date() });
notifications.send("order-confirmation", { ...order, photo: null, open: { type: "web", data: "" } }, { to: "jane" });
notifications.send("welcome", {}, { to: "jane" });
notifications.sendBatch("order-confirmation", { jane: order, bob: order });
notifications.sendBatch("welcome", ["jane", "bob"]);
notifications.sendFile("order-confirmation", "october.csv", { variables: { jane: { orderId: "A-1" } } });

// @ts-expect-error a template that isn't there
notifications.send("order-confirmed", order, { to: "jane" });
// @ts-expect-error a variable that is missing
notifications.send("order-confirmation", { customerName: "Jane" }, { to: "jane" });
// @ts-expect-error a variable that is misspelt
notifications.send("order-confirmation", { ...order, orderID: 7 }, { to: "jane" });
// @ts-expect-error a variable of another type
notifications.send("order-confirmation", { customerName: "Jane", orderId: [7] }, { to: "jane" });
// @ts-expect-error an image that lacks its height
notifications.send("order-confirmation", { ...order, photo: { url: "u", width: 1 } }, { to: "jane" });
// @ts-expect-error a required variable isn't null
notifications.send("order-confirmation", { customerName: null, orderId: 7 }, { to: "jane" });
// @ts-expect-error nobody to send to
notifications.send("order-confirmation", order, {});
// @ts-expect-error a priority that there isn't
notifications.send("order-confirmation", order, { to: "jane", priority: "urgent" });
// @ts-expect-error one of a batch lacks a variable
notifications.sendBatch("order-confirmation", { jane: order, bob: { customerName: "Bob" } });
// @ts-expect-error its variables are required
notifications.sendBatch("order-confirmation", ["jane"]);
// @ts-expect-error an exception that isn't a variable
notifications.sendFile("order-confirmation", "october.csv", { variables: { jane: { orderID: "A-1" } } });
`;

/** What a user may write in any runtime. */
export const ANY_RUNTIME = `
import { Onecall, OnecallError, type Notification, type OnecallErrorCode, type Progress } from "onecall/client";
import { eventsOf, verifyWebhook, WebhookError, type WebhookFault } from "onecall/webhooks";

const onecall = new Onecall({ url: "https://onecall.example.com", apiKey: async () => "key", log: ({ path }) => path });

export async function use(): Promise<void> {
  const users = onecall.users.list({ role: "admin", limit: 10 });
  for await (const user of users) { const name: string | null = user.name; void name; }
  const page = await users.page();
  const count: number = page.meta.pagination.count;
  for await (const progress of onecall.notifications.watch("1")) { const state: "sending" | "completed" = progress.state; void state; }
  const found: Notification = await onecall.notifications.get("1", { signal: AbortSignal.timeout(5) });
  const delivered: number | undefined = found.counts["in-app"]?.delivered;
  const file = await onecall.files.upload(new Blob(["user_id"]), { key: "a", onProgress: ({ loaded }) => void loaded });
  const rows: number = file.rows;
  void [count, delivered, rows];
  // @ts-expect-error no such field
  found.recipients;
  // @ts-expect-error no such filter
  onecall.users.list({ colour: "red" });
  // @ts-expect-error a list isn't awaited by itself
  (await onecall.users.list()).data;
  // @ts-expect-error no such option
  new Onecall({ url: "u", key: "k" });
}

export async function hook(body: Uint8Array, headers: Headers): Promise<WebhookFault | null> {
  try {
    const call = await verifyWebhook(body, headers, ["whsec_a", "whsec_b"]);
    if (call.type === "webhook.test") { const id: string = call.data.webhookId; void id; }
    for (const event of eventsOf(call)) {
      if (event.type === "delivery.failed") { const reason: string | undefined = event.data.deliveries[0]?.reason; void reason; }
      // @ts-expect-error of another event
      if (event.type === "notification.completed") event.data.deliveries;
    }
    return null;
  } catch (error) {
    return error instanceof WebhookError ? error.code : null;
  }
}

export function explain(error: unknown): OnecallErrorCode | null {
  if (!(error instanceof OnecallError)) return null;
  // @ts-expect-error no such code
  if (error.code === "ERR_NO_SUCH_CODE") return null;
  const field: string | undefined = error.details.field;
  return error.retryable && field === undefined ? error.code : "ERR_NETWORK";
}
`;

/** What runs at a user's: the package as it is packed, in that user's Node. */
export const PROGRAM = `
import { Onecall, OnecallError } from "onecall/client";
import { verifyWebhook } from "onecall/webhooks";

const [url, apiKey] = process.argv.slice(2);
const onecall = new Onecall({ url, apiKey });
const told = [];
const file = await onecall.files.upload("user_id,customerName,orderId\\njane,Jane,A-1\\n", {
  key: "program.csv", overwrite: true, onProgress: ({ loaded, total }) => told.push(loaded / total),
});
const { notificationId } = await onecall.notifications.sendFile("order-confirmation", file);
let last;
for await (const progress of onecall.notifications.watch(notificationId)) last = progress;
const code = await onecall.notifications.send("order-confirmation", {}, { to: "jane" }).catch((error) => error instanceof OnecallError && error.code);
const fault = await verifyWebhook("", {}, "whsec_AAAA").catch((error) => error.code);
console.log(JSON.stringify({ node: process.version, told: told.at(-1), delivered: last.counts["in-app"].delivered, code, fault }));
`;
