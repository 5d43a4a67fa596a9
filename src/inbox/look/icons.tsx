import type { Drawn } from "../view/draw.ts";

const LINE = {
  viewBox: "0 0 24 24",
  fill: "none",
  stroke: "currentColor",
  "stroke-width": "1.8",
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
  "aria-hidden": "true",
} as const;

export function Bell(): Drawn {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: words stand beside it
    <svg {...LINE}>
      <path d="M6 9a6 6 0 0 1 12 0c0 5 2 6.5 2.6 7.2.3.3.1.8-.4.8H3.8c-.5 0-.7-.5-.4-.8C4 15.5 6 14 6 9Z" />
      <path d="M10 20.5a2.3 2.3 0 0 0 4 0" />
    </svg>
  );
}

export function Cloud(): Drawn {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: words stand beside it
    <svg {...LINE}>
      <path d="M7 18a4.5 4.5 0 0 1-.6-8.96A6 6 0 0 1 17.8 10.2 4 4 0 0 1 17 18Z" />
      <path d="M12 11.5v2.5M12 16.2v.01" />
    </svg>
  );
}
