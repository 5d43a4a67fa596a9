import { useState } from "preact/hooks";
import type { ChannelSeries } from "../../client/api-types.ts";
import { formatChannelType, formatNumber, formatPoint, formatShare } from "../format.ts";
import { Fact, Facts } from "./facts.tsx";
import { Bars } from "./plot.tsx";
import { Table } from "./table.tsx";

export const METRICS = ["delivered", "viewed", "clicked"] as const;
export type Metric = (typeof METRICS)[number];

/** Rows of the table until more are asked for. */
const FIRST_ROWS = 31;

/** What a type of channel had over a time: its sums, one of them as bars, all as a table, newest first. */
export function Series({ series, metric }: { series: ChannelSeries; metric: Metric }) {
  const [isWhole, setIsWhole] = useState(false);
  const { delivered, viewed, clicked } = series;
  const name = formatChannelType(series.channelType);
  // The hours of today that are to come have nothing to say.
  const timeSeries = series.timeSeries.filter(({ date }) => Date.parse(date) <= Date.now());
  const points = timeSeries.map((point) => ({ label: formatPoint(point.date), value: point[metric] }));
  const newestFirst = timeSeries.toReversed();
  if (delivered + viewed + clicked === 0) return <NothingOf name={name} />;
  return (
    <section class="card stack" aria-label={`Channel type ${name}`}>
      <h2>{name}</h2>
      <Facts>
        <Sum name="Delivered" value={delivered} />
        <Sum name="Viewed" value={viewed} of={delivered} />
        <Sum name="Clicked" value={clicked} of={delivered} />
      </Facts>
      <figure>
        <Bars title={`${name}, ${metric}`} unit={metric} points={points} />
      </figure>
      <Table
        caption={`${name} over time`}
        rows={isWhole ? newestFirst : newestFirst.slice(0, FIRST_ROWS)}
        keyOf={({ date }) => date}
        columns={[
          { title: "Time (UTC)", cell: ({ date }) => <span class="number">{formatPoint(date)}</span> },
          ...METRICS.map((one) => ({
            title: one[0]?.toUpperCase() + one.slice(1),
            isNumber: true,
            cell: (point: ChannelSeries["timeSeries"][number]) => formatNumber(point[one]),
          })),
        ]}
      />
      {newestFirst.length > FIRST_ROWS && !isWhole && (
        <div>
          <button type="button" class="button" onClick={() => setIsWhole(true)}>
            Show all {formatNumber(newestFirst.length)} rows of {name}
          </button>
        </div>
      )}
    </section>
  );
}

function NothingOf({ name }: { name: string }) {
  return (
    <section class="card stack-tight" aria-label={`Channel type ${name}`}>
      <h2>{name}</h2>
      <p class="quiet">Nothing was delivered, viewed or clicked in this time.</p>
    </section>
  );
}

function Sum({ name, value, of }: { name: string; value: number; of?: number }) {
  return (
    <Fact name={name}>
      {formatNumber(value)} {of !== undefined && <span class="quiet">({formatShare(value, of)})</span>}
    </Fact>
  );
}
