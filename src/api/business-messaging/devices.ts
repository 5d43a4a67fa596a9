import { byApiKey } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { registerAddress } from "../../managing/addresses.ts";
import { requireValue } from "../../model/outcome.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { DEVICES, parseDevice, presentDevice } from "../addresses.ts";
import { DeviceBodySchema, DeviceSchema } from "../device-answers.ts";
import { requireReachableUser, requireUserParam } from "../named-users.ts";
import { DeletedSchema, pageOf } from "../schemas.ts";
import { USERS_PATH } from "../users/paths.ts";
import { API } from "./paths.ts";
import { DEVICE_EXAMPLES } from "./reading-examples.ts";

export const postDevice = defineRoute({
  id: "registerDevice",
  method: "POST",
  path: `${API}/users/:uid/devices`,
  also: [`${USERS_PATH}/:uid/devices`],
  access: byApiKey("manage"),
  summary: "Register a user's device: 201 for a new one, 200 for one that is there",
  body: ownBody(DeviceBodySchema),
  answers: { 200: DeviceSchema, 201: DeviceSchema },
  errors: ["ERR_QUOTA_EXCEEDED"],
  examples: DEVICE_EXAMPLES,
  handle: async (call) => {
    const { app, env, request, params } = call;
    const address = await parseDevice(await readJson(request), app.id, call);
    const { uid } = await requireReachableUser(params.uid, env, app);
    const owner = { userId: uid, channelType: DEVICES.type };
    const [device, isNew] = await registerAddress(env, app, owner, address, null);
    return json(presentDevice(device), isNew ? 201 : 200);
  },
});

export const getDevices = defineRoute({
  id: "listDevices",
  method: "GET",
  path: `${API}/users/:uid/devices`,
  also: [`${USERS_PATH}/:uid/devices`],
  access: byApiKey("read"),
  summary: "A user's devices, the newest registration first",
  answers: { 200: pageOf(DeviceSchema) },
  handle: async (call) => {
    const { app, env, params } = call;
    const { uid } = requireUserParam(params.uid, app);
    const devices = requireValue(await getShardStubOf(env, app, uid).listAddresses(uid, DEVICES.type, null));
    return json({ data: devices.map(presentDevice), nextCursor: null });
  },
});

export const deleteDevice = defineRoute({
  id: "deleteDevice",
  method: "DELETE",
  path: `${API}/users/:uid/devices/:device`,
  also: [`${USERS_PATH}/:uid/devices/:device`],
  access: byApiKey("manage"),
  summary: "Remove a device",
  answers: { 200: DeletedSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async ({ app, env, params }) => {
    const { uid } = requireUserParam(params.uid, app);
    const id = params.device;
    requireValue(await getShardStubOf(env, app, uid).deleteAddress(uid, DEVICES.type, id, null));
    return json({ id, deleted: true });
  },
});
