import { getApp } from "../../copies/app.ts";
import { BY_USER } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { registerAddress } from "../../managing/addresses.ts";
import { requireValue } from "../../model/outcome.ts";
import { DEVICES, parseDevice, presentDevice } from "../addresses.ts";
import { API } from "../business-messaging/paths.ts";
import { DeviceBodySchema, DeviceSchema } from "../device-answers.ts";
import { DeletedSchema, pageOf } from "../schemas.ts";

export const postOwnDevice = defineRoute({
  id: "registerOwnDevice",
  method: "POST",
  path: `${API}/feed/devices`,
  access: BY_USER,
  summary: "Register the client's own device: 201 for a new one, 200 for one that is there",
  body: ownBody(DeviceBodySchema),
  answers: { 200: DeviceSchema, 201: DeviceSchema },
  errors: ["ERR_QUOTA_EXCEEDED"],
  handle: async (call) => {
    const { token, env, request } = call;
    const address = await parseDevice(await readJson(request), token.appId, call);
    const app = await getApp(env, token.appId);
    const owner = { userId: token.userId, channelType: DEVICES.type };
    const [device, isNew] = await registerAddress(env, app, owner, address, token);
    return json(presentDevice(device), isNew ? 201 : 200);
  },
});

export const getOwnDevices = defineRoute({
  id: "listOwnDevices",
  method: "GET",
  path: `${API}/feed/devices`,
  access: BY_USER,
  summary: "The newest registration first",
  answers: { 200: pageOf(DeviceSchema) },
  handle: async ({ token, shard }) => {
    const devices = requireValue(await shard.listAddresses(token.userId, DEVICES.type, token));
    return json({ data: devices.map(presentDevice), nextCursor: null });
  },
});

export const deleteOwnDevice = defineRoute({
  id: "deleteOwnDevice",
  method: "DELETE",
  path: `${API}/feed/devices/:device`,
  access: BY_USER,
  summary: "Remove a device, on logout",
  answers: { 200: DeletedSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ token, shard, params }) => {
    const id = params.device;
    requireValue(await shard.deleteAddress(token.userId, DEVICES.type, id, token));
    return json({ id, deleted: true });
  },
});
