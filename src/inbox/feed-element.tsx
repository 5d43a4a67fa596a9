import { FeedElement } from "./element.ts";
import type { Texts } from "./look/texts.ts";
import type { Drawn } from "./view/draw.ts";
import { Feed } from "./view/feed.tsx";

/** `<onecall-feed>`: a user's feed as a part of a page. */
export class OnecallFeed extends FeedElement {
  protected get isListOpen(): boolean {
    return true;
  }

  protected get hasHeading(): boolean {
    return this.hasAttribute("heading");
  }

  protected draw(texts: Texts): Drawn {
    const { view } = this;
    return (
      <>
        {view !== null && <Feed view={view} />}
        <div class="hidden" role="status" aria-label={texts.newest}>
          {this.announced}
        </div>
      </>
    );
  }
}
