import type { Example } from "../../http/route.ts";

/** Targets files of the platform family (seed 004) as the OpenAPI document shows them. */

export const PLATFORM_PRESIGN_EXAMPLES: readonly Example[] = [
  {
    name: "upload",
    request: { overwrite_duplicate_key: true },
    answer: {
      url: "https://onecall.example.com/v1/storage/uploads",
      fields: {
        "Content-Type": "text/csv",
        key: "targets/shop-36af59/october.csv",
        policy: "eyJhcHBJZCI6InNob3AtMzZhZjU5In0=",
        "x-amz-signature": "d1f0c9b4a7e2533a",
      },
      file_key: "october.csv",
    },
  },
];

export const PLATFORM_FILE_EXAMPLES: readonly Example[] = [
  {
    name: "uploaded",
    answer: {
      file_key: "october.csv",
      file_size: 92,
      rows: 3,
      columns: ["customerName", "orderId"],
      duplicates: 0,
      uploaded_at: 1795255212004,
      expires_at: 1797847212004,
    },
  },
];
