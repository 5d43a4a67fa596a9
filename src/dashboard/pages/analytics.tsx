import type { ChannelSeries } from "../../client/api-types.ts";
import { CopyAs } from "../components/copy.tsx";
import { Empty } from "../components/feedback.tsx";
import type { Option } from "../components/fields.tsx";
import { DateFilter, Filters, SelectFilter, TextFilter } from "../components/filters.tsx";
import { Refresh, WhenLoaded } from "../components/loaded.tsx";
import { Page } from "../components/page.tsx";
import { METRICS, Series } from "../components/series.tsx";
import { TemplatePicker } from "../components/template-picker.tsx";
import { download } from "../download.ts";
import { formatChannelType } from "../format.ts";
import { useLoad } from "../load.ts";
import { clientOf } from "../session.ts";
import { type UrlState, useUrlState } from "../url-state.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 14;
const API = "/analytics";
const TIMES: readonly Option<string>[] = [
  ["1", "Today"],
  ["7", "7 days"],
  ["", `${DEFAULT_DAYS} days`],
  ["30", "30 days"],
  ["90", "90 days"],
  ["366", "A year"],
];

/** Which notifications the figures are of. */
type Scope = { of: "all" } | { of: "template" | "tag"; key: string };

interface Range {
  from: string;
  to: string;
  granularity: "daily" | "hourly";
}

/** What was delivered, seen and clicked over a time, by type of channel: all of it, of a template, or with a tag. */
export default function Analytics({ app = "" }: { app?: string }) {
  const url = useUrlState();
  const scope = scopeOf(url);
  const range = rangeOf(url);
  const isAsked = scope.of === "all" || scope.key !== "";
  const loaded = useLoad(
    async (signal) => (isAsked ? await readSeries(app, scope, range, signal) : []),
    [app, JSON.stringify([scope, range])],
  );
  const channel = url.get("channel");
  const all = loaded.data ?? [];
  // What the address names is there to be chosen off again.
  const types = new Set([...(channel === "" ? [] : [channel]), ...all.map(({ channelType }) => channelType)]);
  const shown = all.filter(({ channelType }) => channel === "" || channelType === channel);
  const metric = METRICS.find((name) => name === url.get("metric")) ?? "delivered";
  return (
    <Page
      title="Analytics"
      actions={
        <>
          <Refresh loaded={loaded} />
          <button
            type="button"
            class="button"
            disabled={shown.length === 0}
            onClick={() => download(`analytics-${range.from}-${range.to}.csv`, toCsv(shown))}
          >
            Download as CSV
          </button>
        </>
      }
    >
      <AnalyticsFilters app={app} url={url} scope={scope} types={[...types]} />
      <p class="small quiet">
        {range.from} to {range.to},{" "}
        {range.granularity === "daily" ? "whole days" : "hour by hour, of at most 31 days"} of UTC. A bar
        counts what happened then, whenever the notification was sent.
      </p>
      <WhenLoaded loaded={loaded} what="the figures">
        {() => <Figures app={app} shown={shown} isAsked={isAsked} scope={scope} metric={metric} />}
      </WhenLoaded>
      <CopyAs call={exampleOf(scope, range)} />
    </Page>
  );
}

interface FiguresProps {
  app: string;
  shown: readonly ChannelSeries[];
  isAsked: boolean;
  scope: Scope;
  metric: (typeof METRICS)[number];
}

function Figures({ app, shown, isAsked, scope, metric }: FiguresProps) {
  if (!isAsked) {
    return (
      <Empty title={`Which ${scope.of}?`}>
        <p>Name it above: the figures are of what was sent with it.</p>
      </Empty>
    );
  }
  if (shown.length === 0) {
    return (
      <Empty title="The app has no such channel yet">
        <p>
          Figures are by type of channel: in-app, push and webhook.{" "}
          <a href={`/dashboard/${encodeURIComponent(app)}/channels`}>Make a channel</a>, and send to it.
        </p>
      </Empty>
    );
  }
  const isNothing = shown.every(({ delivered, viewed, clicked }) => delivered + viewed + clicked === 0);
  return (
    <>
      {isNothing && (
        <div class="notice" role="status">
          <strong>Nothing happened in this time</strong>
          <span>
            Widen the days, or look at <a href={`/dashboard/${encodeURIComponent(app)}/notifications`}>all</a>{" "}
            that was sent.
          </span>
        </div>
      )}
      {shown.map((series) => (
        <Series key={series.channelType} series={series} metric={metric} />
      ))}
    </>
  );
}

interface AnalyticsFiltersProps {
  app: string;
  url: UrlState;
  scope: Scope;
  /** Of channels. */
  types: readonly string[];
}

function AnalyticsFilters({ app, url, scope, types }: AnalyticsFiltersProps) {
  return (
    <Filters>
      <SelectFilter
        url={url}
        name="of"
        label="Notifications"
        options={[
          ["", "All"],
          ["template", "Of a template"],
          ["tag", "With a tag"],
        ]}
      />
      {scope.of === "template" && (
        <TemplatePicker app={app} label="Template" value={scope.key} onValue={(key) => url.set({ key })} />
      )}
      {scope.of === "tag" && <TextFilter url={url} name="key" label="Tag" placeholder="orders" />}
      <SelectFilter
        url={url}
        name="channel"
        label="Channel type"
        options={["", ...types].map((one) => [one, one === "" ? "Any" : formatChannelType(one)])}
      />
      <SelectFilter
        url={url}
        name="metric"
        label="Bars show"
        options={METRICS.map((one) => [one === "delivered" ? "" : one, one])}
      />
      <SelectFilter url={url} name="days" label="Time" options={TIMES} />
      <SelectFilter
        url={url}
        name="granularity"
        label="Bars are"
        options={[
          ["", "Days"],
          ["hourly", "Hours"],
        ]}
      />
      <DateFilter url={url} name="from" label="From (UTC day)" />
      <DateFilter url={url} name="to" label="To (UTC day)" />
    </Filters>
  );
}

function scopeOf(url: UrlState): Scope {
  const of = url.get("of");
  return of === "template" || of === "tag" ? { of, key: url.get("key") } : { of: "all" };
}

/** The days that are named; where one isn't, as many as are chosen, to today. */
function rangeOf(url: UrlState): Range {
  const days = Number(url.get("days")) || DEFAULT_DAYS;
  const to = url.get("to") || new Date().toISOString().slice(0, 10);
  const end = Date.parse(to);
  const first = new Date((Number.isNaN(end) ? Date.now() : end) - (days - 1) * DAY_MS);
  return {
    from: url.get("from") || first.toISOString().slice(0, 10),
    to,
    granularity: url.get("granularity") === "hourly" ? "hourly" : "daily",
  };
}

function readSeries(app: string, scope: Scope, range: Range, signal: AbortSignal): Promise<ChannelSeries[]> {
  const { analytics } = clientOf(app);
  if (scope.of === "template") return analytics.template(scope.key, range, { signal });
  if (scope.of === "tag") return analytics.tag(scope.key, range, { signal });
  return analytics.channels(range, { signal });
}

function exampleOf(scope: Scope, range: Range) {
  const [name, path] =
    scope.of === "all"
      ? ["channels(", "/channels"]
      : [
          `${scope.of}(${JSON.stringify(scope.key)}, `,
          `/${scope.of}s/${encodeURIComponent(scope.key || "…")}`,
        ];
  return {
    method: "GET" as const,
    path: `${API}${path}?${new URLSearchParams({ ...range })}`,
    client: `analytics.${name}${JSON.stringify(range)})`,
  };
}

/** All that is shown, a row for each channel type and time. */
function toCsv(shown: readonly ChannelSeries[]): string {
  const rows = shown.flatMap(({ channelType, timeSeries }) =>
    timeSeries.map(({ date, delivered, viewed, clicked }) =>
      [channelType, date, delivered, viewed, clicked].join(","),
    ),
  );
  return `${["channel_type,time,delivered,viewed,clicked", ...rows].join("\n")}\n`;
}
