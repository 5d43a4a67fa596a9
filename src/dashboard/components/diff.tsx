/** Above it the middle is shown as taken away and put in: a table of lines by lines would cost too much. */
const MAX_COMPARED = 1_000_000;

interface Line {
  sign: " " | "-" | "+";
  text: string;
}

/** What changed from one text to another, line by line. The sign says it, the colour says it once more. */
export function Diff({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = diffLines(before.split("\n"), after.split("\n"));
  if (lines.every(({ sign }) => sign === " ")) return <p class="quiet">Nothing differs.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by keys
    <section class="diff" tabIndex={0} aria-label={label}>
      {lines.map(({ sign, text }, index) => {
        const shown = `${sign} ${text}`;
        // A line has nothing else, and the whole is drawn anew.
        const key = index;
        if (sign === "+") return <ins key={key}>{shown}</ins>;
        if (sign === "-") return <del key={key}>{shown}</del>;
        return <span key={key}>{shown}</span>;
      })}
    </section>
  );
}

/** The longest common subsequence of lines; what is the same at both ends isn't compared. */
function diffLines(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const shorter = Math.min(before.length, after.length) - start;
  while (end < shorter && before.at(-1 - end) === after.at(-1 - end)) end++;
  const toLines = (texts: readonly string[], sign: Line["sign"]) => texts.map((text) => ({ sign, text }));
  return [
    ...toLines(before.slice(0, start), " "),
    ...diffMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...toLines(before.slice(before.length - end), " "),
  ];
}

function diffMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  const isTooMuch = before.length * after.length > MAX_COMPARED;
  /** How many lines are common from a place to the ends. */
  const common = new Uint32Array(isTooMuch ? 0 : (before.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = before.length - 1; !isTooMuch && row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [old, fresh] = [before[row], after[column]];
    if (!isTooMuch && old !== undefined && old === fresh) {
      lines.push({ sign: " ", text: old });
      row++;
      column++;
    } else if (old !== undefined && (fresh === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ sign: "-", text: old });
      row++;
    } else if (fresh !== undefined) {
      lines.push({ sign: "+", text: fresh });
      column++;
    }
  }
  return lines;
}
