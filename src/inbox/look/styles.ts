/// <reference path="./css.d.ts" />
import css from "./styles.css?inline";

let sheet: CSSStyleSheet | null = null;

/** One sheet for all elements of a page; made by script, so that no policy need allow inline styles. */
export function adoptStyles(root: ShadowRoot): void {
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  root.adoptedStyleSheets = [sheet];
}
