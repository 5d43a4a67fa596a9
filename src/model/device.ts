import type { DeviceAddress } from "./push.ts";
/** A push address of a user. Times in Unix ms. */
export interface Device {
  id: string;
  address: DeviceAddress;
  createdAt: number;
  /** When it was registered last. */
  updatedAt: number;
}

/** One device of one user, in one registration or an earlier one. */
export interface DeviceRef {
  userId: string;
  addressKey: string;
  version: string;
}

/** A registration: every one has a version of its own, and a later one a greater. */
export interface Registration {
  /** SHA-256 of provider and address, in hex. */
  addressKey: string;
  address: DeviceAddress;
  version: string;
}
