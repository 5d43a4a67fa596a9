import express from "express";
import { Onecall, type OnecallError } from "onecall/client";

const onecall = new Onecall({ url: process.env.ONECALL_URL, apiKey: process.env.ONECALL_API_KEY });
export const app = express().use(express.json());
app.post("/orders", ({ body: { to, order } }, response) => {
  const sent = onecall.notifications.send("order-confirmation", order, { to, idempotencyKey: order.orderId });
  sent.then((done) => response.json(done)).catch((error: OnecallError) => response.status(422).json(error));
});
app.post("/token", async (_, response) => void response.json(await onecall.users.createToken("jane")));
