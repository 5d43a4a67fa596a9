import { formatNumber } from "../format.ts";
import { Table } from "./table.tsx";

const MIN_PLACES = 12;

interface Point {
  label: string;
  value: number;
}

interface BarsProps {
  title: string;
  unit: string;
  points: readonly Point[];
}

/** Bars over time, with how high they are and from when to when. Drawn by hand: no library is loaded for it. */
export function Bars({ title, unit, points }: BarsProps) {
  const most = mostOf(points);
  // A single bar is no block.
  const width = 100 / Math.max(MIN_PLACES, points.length);
  const [first, last] = [points[0]?.label, points.at(-1)?.label];
  return (
    <div class="stack-tight">
      <span class="small quiet">
        {title}: at most {formatNumber(Math.max(0, ...points.map(({ value }) => value)))} {unit} a bar
      </span>
      <svg
        class="plot"
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: the table has the numbers`}
      >
        <line x1="0" x2="100" y1="40" y2="40" stroke-width="0.3" />
        {points.map(({ label, value }, index) => (
          <rect
            key={label}
            x={index * width + width * 0.1}
            width={width * 0.8}
            y={40 - (value / most) * 38}
            height={(value / most) * 38}
          >
            <title>{`${label}: ${formatNumber(value)} ${unit}`}</title>
          </rect>
        ))}
      </svg>
      <span class="row spread small quiet number">
        <span>{first}</span>
        {last !== first && <span>{last}</span>}
      </span>
    </div>
  );
}

/** Bars over time, with their table beside them for whoever can't see them. */
export function Plot({ title, unit, points }: BarsProps) {
  return (
    <figure class="stack-tight">
      <Bars title={title} unit={unit} points={points} />
      <details>
        <summary class="small quiet">{title}, as a table</summary>
        <Table
          caption={title}
          rows={points}
          keyOf={({ label }) => label}
          columns={[
            { title: "Time (UTC)", cell: ({ label }) => label },
            { title: unit, isNumber: true, cell: ({ value }) => formatNumber(value) },
          ]}
        />
      </details>
    </figure>
  );
}

function mostOf(points: readonly Point[]): number {
  return Math.max(1, ...points.map(({ value }) => value));
}
