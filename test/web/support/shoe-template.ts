import type { Operations } from "../../../src/client/api-types.ts";

/** Of both channels, with a variable of each kind: text, an image, a link. */
export const SHOE_TEMPLATE: Operations["createTemplate"]["body"] = {
  name: "Shoe of the day",
  key: "shoe",
  channelKeys: ["in-app-alerts", "mobile-push"],
  content: {
    "in-app-alerts": {
      title: "{{name}} is here",
      body: "For you",
      image: "{{photo}}",
      action: "{{link}}",
    },
    "mobile-push": { title: "{{name}}", body: "Now in the shop" },
  },
  variableSchema: {
    name: { type: "string" },
    photo: { type: "image", required: false },
    link: { type: "action", required: false },
  },
};
