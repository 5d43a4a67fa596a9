/** Contents of every form that the inbox shows. */
export const SAMPLES: readonly { key: string; tag: string; content: object }[] = [
  {
    key: "report",
    tag: "reports",
    content: {
      title: "Your weekly report is ready",
      body: "12 orders and €1,420 in sales, 8 % more than the week before.",
      buttons: [
        { label: "Open report", url: "/#report" },
        { label: "Not now", action: { type: "custom", data: "later" } },
      ],
    },
  },
  {
    key: "shipped",
    tag: "orders",
    content: {
      title: "Order ORD-12345 has shipped",
      body: "It will be with you on Friday.",
      image: { url: "/picture.svg", alt: "The parcel" },
      action: "/#order",
    },
  },
  {
    key: "card",
    tag: "events",
    content: {
      version: "1.0",
      fallbackText: "Your table is booked",
      style: { background: { light: "#FFFFFF", dark: "#1C1C1E" } },
      body: [
        { id: "a", type: "text", content: "Your table is booked" },
        { id: "b", type: "text", content: "Friday at eight, for four." },
        {
          id: "c",
          type: "button",
          label: "Directions",
          action: { type: "openUrl", url: "https://example.com" },
        },
      ],
    },
  },
  {
    key: "template",
    tag: "events",
    content: {
      ui_template: {
        version: 1,
        body: {
          items: [
            { type: "text", text: "Your appointment is tomorrow" },
            { type: "text", text: "At nine, in room 12." },
          ],
        },
      },
    },
  },
  {
    key: "long",
    tag: "news",
    content: {
      title: "What is new this month",
      body: "Returns are free now.\nOrders can be changed until they are packed.\nThere is a shop in Leipzig.\nAnd another in Graz.\nThe newsletter has a new look.\nThank you for reading to the end.",
    },
  },
  { key: "own", tag: "games", content: { game: "chess", move: "e4" } },
];
