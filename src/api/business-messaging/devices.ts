import { authenticate } from "../../http/auth.ts";
import { readJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { json } from "../../http/responses.ts";
import { registerDevice } from "../../managing/devices.ts";
import { OnecallError } from "../../model/errors.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { parseDevice, presentDevice } from "../devices.ts";
import { requireReachableUser, requireUserParam } from "../named-users.ts";

/** `POST {api}/users/{uid}/devices`: 201 for a new device, 200 for one that the user has already. */
export const postDevice: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const address = await parseDevice(await readJson(request), app.id, context);
  const { uid } = await requireReachableUser(request, context.env, app);
  const registered = await registerDevice(context.env, app, uid, address, null);
  if (registered === "revoked") throw new Error("A server's call needs no token");
  const [device, isNew] = registered;
  return json(presentDevice(device), isNew ? 201 : 200);
};

/** `GET {api}/users/{uid}/devices`: the newest registration first. */
export const getDevices: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "read");
  const { uid } = requireUserParam(request, app);
  const devices = await getShardStubOf(context.env, app, uid).listDevices(uid, null);
  if (devices === "revoked") throw new Error("A server's call needs no token");
  return json({ data: devices.map(presentDevice), nextCursor: null });
};

/** `DELETE {api}/users/{uid}/devices/{id}` */
export const deleteDevice: Handler = async (request, context) => {
  const { app } = await authenticate(request, context, "manage");
  const { uid } = requireUserParam(request, app);
  const id = pathParam(request, "device");
  const deleted = await getShardStubOf(context.env, app, uid).deleteDevice(uid, id, null);
  if (deleted !== true) throw deviceNotFound();
  return json({ id, deleted: true });
};

export function deviceNotFound(): OnecallError {
  return new OnecallError("ERR_NOT_FOUND", "This user has no such device.");
}
