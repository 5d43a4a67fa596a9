import { type DefineComponent, defineComponent, h, onBeforeUnmount, onMounted, ref, watchEffect } from "vue";
import {
  ATTRIBUTES,
  EVENTS,
  type InboxEvents,
  type InboxProps,
  listen,
  PROPERTIES,
  setProps,
} from "./framework.ts";
import "./index.ts";

const FLAGS = ["readOnly", "heading", "open"] as const;

function wrap(tag: string): DefineComponent<InboxProps> {
  const options = Object.fromEntries([
    ...[...ATTRIBUTES, ...PROPERTIES, "tags"].map((name) => [name, null]),
    // What a template leaves out of these is undefined, and not false.
    ...FLAGS.map((name) => [name, { type: Boolean, default: undefined }]),
  ]);
  return defineComponent({
    name: tag === "onecall-inbox" ? "OnecallInbox" : "OnecallFeed",
    props: options,
    emits: [...EVENTS],
    setup(props: InboxProps, { emit, expose, slots }) {
      const own = ref<HTMLElement | null>(null);
      watchEffect(
        () => {
          if (own.value !== null) setProps(own.value, { ...props });
        },
        { flush: "post" },
      );
      const emitted = Object.fromEntries(
        EVENTS.map((name) => [
          `on${name.charAt(0).toUpperCase()}${name.slice(1)}`,
          (detail: InboxEvents[typeof name], event: Event) => emit(name, detail, event),
        ]),
      );
      let stop = (): void => {};
      onMounted(() => {
        if (own.value !== null) stop = listen(own.value, () => emitted);
      });
      onBeforeUnmount(() => stop());
      expose({ element: own });
      return () => h(tag, { ref: own }, slots.default?.());
    },
  });
}

/** `@unread="({ count }) => …"`, `@action` … are the element's events. */
export const OnecallInbox = wrap("onecall-inbox");
export const OnecallFeed = wrap("onecall-feed");
