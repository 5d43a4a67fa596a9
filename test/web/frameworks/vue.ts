import { createApp, h, ref } from "vue";
import { OnecallFeed } from "../../../src/inbox/vue.ts";
import { optionsOf } from "./options.ts";

const { host, getToken, server } = optionsOf();

function renderOwn({ tag }: { tag: string | null }): string | null {
  return tag === "own" ? "Drawn by the page" : null;
}

const app = createApp({
  setup() {
    const count = ref<number | null>(null);
    const locale = ref("en");
    const tag = ref<string>();
    const onUnread = (detail: { count: number }): void => {
      count.value = detail.count;
    };
    const useGerman = (): void => {
      locale.value = "de";
    };
    const filter = (): void => {
      tag.value = "own";
    };
    return () => [
      h("output", `unread: ${count.value}`),
      h("button", { onClick: () => useGerman() }, "Deutsch"),
      h("button", { onClick: () => filter() }, "Only own"),
      h("button", { onClick: () => app.unmount() }, "Leave"),
      h(OnecallFeed, {
        server,
        getToken,
        locale: locale.value,
        tag: tag.value,
        onUnread,
        renderItem: renderOwn,
      }),
    ];
  },
});
app.mount(host);
