import { type InboxHandlers, type InboxProps, listen, setProps } from "./framework.ts";
import "./index.ts";

/** An action: `<onecall-inbox use:onecall={{ getToken, onUnread }}></onecall-inbox>`. */
export function onecall(element: Element, props: InboxProps & InboxHandlers) {
  let newest = props;
  setProps(element, newest);
  const stop = listen(element, () => newest);
  return {
    update(next: InboxProps & InboxHandlers): void {
      newest = next;
      setProps(element, next);
    },
    destroy: stop,
  };
}
