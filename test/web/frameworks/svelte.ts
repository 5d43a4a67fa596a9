import { mount, unmount } from "svelte";
import { optionsOf } from "./options.ts";
import Page from "./page.svelte";

const { host, getToken, server } = optionsOf();
const page: object = mount(Page, {
  target: host,
  props: { server, getToken, leave: () => void unmount(page) },
});
