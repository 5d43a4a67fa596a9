export const CHANNEL_KEY = "in-app-alerts";

export const FILE_TEMPLATE = {
  name: "Parcel",
  content: {
    title: "{{name}}, your parcel is on its way",
    body: "Order {{order}} reaches {{city}} on {{day}}.",
  },
  variables: ["name", "order", "city", "day"],
};
