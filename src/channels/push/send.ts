import type { StoredAddress } from "../../model/address.ts";
import type { AddressOutcome } from "../../model/dispatch.ts";
import type { SendAnswer, Sender, SendTimes } from "../channel.ts";
import { callProvider } from "../dispatch/call-provider.ts";
import type { PushMessage } from "./message.ts";
import { providerOf } from "./providers.ts";

/** No device shows a notification without words, though every provider takes it. */
const EMPTY_CONTENT: AddressOutcome = {
  outcome: "rejected",
  reason: "empty_content",
  message: "the title and the body are both empty",
};

/** One push to one device. Never throws for what a provider or a device does. */
export async function sendPush(
  sender: Sender,
  recipient: Pick<StoredAddress, "address" | "scope">,
  message: PushMessage,
  times: SendTimes,
): Promise<SendAnswer> {
  const { name, tokenOf, buildRequest, readAnswer } = providerOf(recipient.address);
  if (isEmpty(message)) return { outcome: EMPTY_CONTENT, status: null, wasAsked: false };
  const build: Parameters<typeof callProvider>[1]["build"] = (credentials) =>
    buildRequest(message, recipient, credentials, sender.config);
  return callProvider(sender, { provider: name, tokenOf, build, read: readAnswer }, times);
}

function isEmpty({ title, body }: PushMessage): boolean {
  return title.trim() === "" && body.trim() === "";
}
