import { useState } from "preact/hooks";
import { useSettled } from "../use-settled.ts";

/** An image of elsewhere, as users get it. The page loads it over https only; where it can't, it says so. */
export function ImageFrom({ url: given }: { url: string }) {
  const url = useSettled(given.trim());
  const [failed, setFailed] = useState<string | null>(null);
  if (url === "") return null;
  if (!/^https:\/\/[^/]/i.test(url))
    return <ImagePlace>Image, which is shown here over https only: {url}</ImagePlace>;
  if (failed === url) return <ImagePlace>Image, which can't be loaded: {url}</ImagePlace>;
  return (
    <img
      class="look-picture"
      src={url}
      alt={`Loaded from ${url}`}
      referrerpolicy="no-referrer"
      onError={() => setFailed(url)}
    />
  );
}

function ImagePlace({ children }: { children: (string | false)[] | string }) {
  return <div class="look-image small">{children}</div>;
}
