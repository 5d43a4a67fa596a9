import { getApp } from "../../copies/app.ts";
import { readJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { json } from "../../http/responses.ts";
import { registerDevice } from "../../managing/devices.ts";
import { deviceNotFound } from "../business-messaging/devices.ts";
import { parseDevice, presentDevice } from "../devices.ts";
import { openReader, requireAccepted } from "./reader.ts";

/** `POST {api}/feed/devices`: the client's own device. 201 for a new one, 200 for one that is registered. */
export const postOwnDevice: Handler = async (request, context) => {
  const { token } = await openReader(request, context);
  const address = await parseDevice(await readJson(request), token.appId, context);
  const app = await getApp(context.env, token.appId);
  const [device, isNew] = requireAccepted(
    await registerDevice(context.env, app, token.userId, address, token),
  );
  return json(presentDevice(device), isNew ? 201 : 200);
};

/** `GET {api}/feed/devices`: the newest registration first. */
export const getOwnDevices: Handler = async (request, context) => {
  const { token, shard } = await openReader(request, context);
  const devices = requireAccepted(await shard.listDevices(token.userId, token));
  return json({ data: devices.map(presentDevice), nextCursor: null });
};

/** `DELETE {api}/feed/devices/{id}`: on logout. */
export const deleteOwnDevice: Handler = async (request, context) => {
  const { token, shard } = await openReader(request, context);
  const id = pathParam(request, "device");
  if (!requireAccepted(await shard.deleteDevice(token.userId, id, token))) throw deviceNotFound();
  return json({ id, deleted: true });
};
