import type { Example } from "../../http/route.ts";

/** Apps and keys as the OpenAPI document shows them. */

export const APP_EXAMPLES: readonly Example[] = [
  {
    name: "shop",
    request: { name: "Shop" },
    answer: {
      id: "shop-36af59",
      name: "Shop",
      apiKey: "oc_shop-36af59_YYHEnpsUfEqTrk40dd9yJYMEfRJSypQM_YdrZj8nCj8",
      createdAt: "2026-11-21T09:36:25.731Z",
    },
  },
];

export const APP_LIST_EXAMPLES: readonly Example[] = [
  {
    name: "one",
    answer: {
      data: [
        {
          id: "shop-36af59",
          name: "Shop",
          shardCount: 64,
          foldsUserIds: true,
          createdAt: "2026-11-21T09:36:25.731Z",
        },
      ],
      nextCursor: null,
    },
  },
];
