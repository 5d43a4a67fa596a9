export type * from "./api-types.ts";
export { OnecallError, type OnecallErrorCode } from "./errors.ts";
