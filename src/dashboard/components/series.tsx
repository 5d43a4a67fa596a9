import { useState } from "preact/hooks";
import type { ChannelSeries } from "../../client/api-types.ts";
import { formatNumber, formatShare } from "../format.ts";
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
  const { channelType, delivered, viewed, clicked, timeSeries } = series;
  const points = timeSeries.map((point) => ({ label: point.date, value: point[metric] }));
  const newestFirst = timeSeries.toReversed();
  const title = `${channelType}, ${metric}`;
  return (
    <section class="card stack" aria-label={`Channel type ${channelType}`}>
      <h2>{channelType}</h2>
      <Facts>
        <Sum name="Delivered" value={delivered} />
        <Sum name="Viewed" value={viewed} of={delivered} />
        <Sum name="Clicked" value={clicked} of={delivered} />
      </Facts>
      <figure class="stack-tight">
        <Bars title={title} unit={metric} points={points} />
        <figcaption class="row spread small quiet">
          <span>{points[0]?.label}</span>
          <span>at most {formatNumber(Math.max(0, ...points.map(({ value }) => value)))} at a time</span>
          <span>{points.at(-1)?.label}</span>
        </figcaption>
      </figure>
      <Table
        caption={`${channelType} over time`}
        rows={isWhole ? newestFirst : newestFirst.slice(0, FIRST_ROWS)}
        keyOf={({ date }) => date}
        columns={[
          { title: "Time (UTC)", cell: ({ date }) => date },
          ...METRICS.map((name) => ({
            title: name,
            isNumber: true,
            cell: (point: ChannelSeries["timeSeries"][number]) => formatNumber(point[name]),
          })),
        ]}
      />
      {newestFirst.length > FIRST_ROWS && !isWhole && (
        <div>
          <button type="button" class="button" onClick={() => setIsWhole(true)}>
            Show all {formatNumber(newestFirst.length)} rows of {channelType}
          </button>
        </div>
      )}
    </section>
  );
}

function Sum({ name, value, of }: { name: string; value: number; of?: number }) {
  return (
    <Fact name={name}>
      {formatNumber(value)} {of !== undefined && <span class="quiet">{formatShare(value, of)}</span>}
    </Fact>
  );
}
