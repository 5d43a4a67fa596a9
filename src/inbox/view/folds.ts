/** Takes the button away from what is short enough to be whole: how many lines a text has is known when it is drawn. */
export function hideNeedlessFolds(root: ParentNode): void {
  for (const fold of root.querySelectorAll<HTMLElement>('.fold[aria-expanded="false"]')) {
    const { clientHeight = 0, scrollHeight = 0 } = fold.previousElementSibling ?? {};
    // What isn't on the screen has no height.
    fold.hidden = clientHeight > 0 && scrollHeight <= clientHeight + 2;
  }
}
