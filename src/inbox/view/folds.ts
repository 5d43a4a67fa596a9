/** Takes the button away from what is short enough to be whole: how many lines a text has is known when it is drawn. */
export function hideNeedlessFolds(root: ParentNode): void {
  const folds = [...root.querySelectorAll<HTMLElement>(".fold")].map((fold) => {
    const body = fold.previousElementSibling;
    // What isn't on the screen has no height.
    const isCut = body === null || body.clientHeight === 0 || body.scrollHeight > body.clientHeight + 2;
    return { fold, isNeedless: !isCut && fold.ariaExpanded === "false" };
  });
  for (const { fold, isNeedless } of folds) fold.hidden = isNeedless;
}
