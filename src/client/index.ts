export type * from "./api-types.ts";
export { OnecallError, type OnecallErrorCode } from "./errors.ts";
export { Onecall } from "./onecall.ts";
export type { CallOptions, Credential, Fetch, LogEntry, OnecallOptions, SendCallOptions } from "./options.ts";
export type { Page, Pages } from "./pages.ts";
export type { UploadOptions } from "./resources/files.ts";
export type {
  FileOptions,
  RealtimeOptions,
  Recipients,
  SendOptions,
} from "./resources/notifications.ts";
// With a star: what is declared for `onecall/client` merges with what stands there.
export type * from "./template-variables.ts";
export type { UploadProgress } from "./upload.ts";
export type { Progress } from "./watch.ts";
