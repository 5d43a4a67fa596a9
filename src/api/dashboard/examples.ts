import type { Example } from "../../http/route.ts";

/** The dashboard's sign-in as the OpenAPI document shows it. */
export const SIGN_IN_EXAMPLES: readonly Example[] = [
  {
    name: "apiKey",
    request: { token: "oc_shop-36af59_YYHEnpsUfEqTrk40dd9yJYMEfRJSypQM_YdrZj8nCj8" },
    answer: {
      role: "key",
      app: { id: "shop-36af59", name: "Shop" },
      scopes: ["send", "read", "manage"],
      key: "****nCj8",
      expiresAt: "2026-11-21T21:36:25.731Z",
    },
  },
];
