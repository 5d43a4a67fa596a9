import type { Channel } from "../../../client/api-types.ts";
import { AndroidLockScreen, FeedItem, IosLockScreen } from "../../components/looks.tsx";

interface ChannelLookProps {
  /** Undefined: the channel isn't there. */
  type: Channel["type"] | undefined;
  content: unknown;
}

/** Content as users of a channel of the type see it. */
export function ChannelLook({ type, content }: ChannelLookProps) {
  if (type === "in_app") return <FeedItem content={content} />;
  if (type === "push") {
    return (
      <>
        <IosLockScreen content={content} />
        <AndroidLockScreen content={content} />
      </>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by keys
    <pre tabIndex={0}>{JSON.stringify(content, null, 2)}</pre>
  );
}
