import type { Device } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, Resource } from "../requests.ts";

/** Where push channels reach a user. */
export class Devices extends Resource {
  list(uid: string, options?: CallOptions): Pages<Device> {
    return this.requests.list<"listDevices">(api`/users/${uid}/devices`, options);
  }

  /** A token or a subscription that is there already stays the same device. */
  register(uid: string, body: Body<"registerDevice">, options?: CallOptions): Promise<Device> {
    return this.requests.postAgain(api`/users/${uid}/devices`, options, body);
  }

  delete(uid: string, device: string, options?: CallOptions): Promise<Answer<"deleteDevice">> {
    return this.requests.delete(api`/users/${uid}/devices/${device}`, options);
  }
}
