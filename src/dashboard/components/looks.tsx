import { readContent } from "../../inbox/feed/content.ts";
import { ImageFrom } from "./image.tsx";

/** How content looks where users see it. */

interface LookProps {
  content: unknown;
}

/** An item of the inbox, read as `<onecall-inbox>` reads it. */
export function FeedItem({ content }: LookProps) {
  const { title, body, image, action, buttons } = readContent({ content, title: null }, location.origin);
  const actions = [...(action === null ? [] : [action]), ...buttons];
  return (
    <figure class="look" aria-label="Feed item">
      <figcaption class="small quiet">Feed item</figcaption>
      <div class="look-card">
        <strong>{title || "Nothing to show yet"}</strong>
        {body !== "" && <p>{body}</p>}
        {image !== null && <ImageFrom url={image.url} />}
        {actions.map(({ label, type, url, data }) => (
          <span key={`${label} ${JSON.stringify(data)}`} class="small">
            {label || "A click"} → {url ?? `your page: ${type} ${JSON.stringify(data)}`}
          </span>
        ))}
        <span class="small quiet">now</span>
      </div>
    </figure>
  );
}

/** A push on an iPhone's lock screen: what is longer than some lines is cut there too. */
export function IosLockScreen({ content }: LookProps) {
  const { title, body, image } = readPush(content);
  return (
    <figure class="look" aria-label="iOS lock screen">
      <figcaption class="small quiet">iOS lock screen</figcaption>
      <div class="lock-screen">
        <div class="look-card ios">
          <i aria-hidden="true" />
          <div class="stack-tight">
            <div class="row spread">
              <strong>{title}</strong>
              <span class="small quiet">now</span>
            </div>
            <p class="clamp">{body}</p>
            {image !== null && <ImageFrom url={image} />}
          </div>
        </div>
      </div>
    </figure>
  );
}

/** A push on an Android's lock screen: the app's name stands above it. */
export function AndroidLockScreen({ content }: LookProps) {
  const { title, body, image } = readPush(content);
  return (
    <figure class="look" aria-label="Android lock screen">
      <figcaption class="small quiet">Android lock screen</figcaption>
      <div class="lock-screen">
        <div class="look-card android">
          <span class="row small quiet">
            <i aria-hidden="true" />
            Your app · now
          </span>
          <strong>{title}</strong>
          <p class="clamp">{body}</p>
          {image !== null && <ImageFrom url={image} />}
        </div>
      </div>
    </figure>
  );
}

function readPush(content: unknown): { title: string; body: string; image: string | null } {
  const fields = typeof content === "object" && content !== null ? content : {};
  const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : null);
  const image: unknown = Reflect.get(fields, "image");
  const isWhole = typeof image === "object" && image !== null;
  return {
    title: textOf(Reflect.get(fields, "title")) ?? "No title yet",
    body: textOf(Reflect.get(fields, "body")) ?? "No body yet",
    image: textOf(isWhole ? Reflect.get(image, "url") : image),
  };
}
