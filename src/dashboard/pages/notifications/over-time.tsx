import { Failure } from "../../components/feedback.tsx";
import { Plot } from "../../components/plot.tsx";
import { formatChannelType, formatPoint } from "../../format.ts";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";

/** When it was delivered and seen, hour by hour or day by day, as the service groups it. */
export function OverTime({ app, id, isCompleted }: { app: string; id: string; isCompleted: boolean }) {
  const { data, error, reload } = useLoad(
    (signal) => clientOf(app).analytics.notification(id, undefined, { signal }),
    [app, id, isCompleted],
  );
  if (error !== null) return <Failure error={error} onRetry={reload} />;
  const series = (data ?? []).filter((one) => one.delivered > 0);
  if (series.length === 0) return null;
  return (
    <section class="stack" aria-label="Over time">
      <h2>Over time</h2>
      {series.map(({ channelType, timeSeries }) => (
        <Plot
          key={channelType}
          title={`Delivered by ${formatChannelType(channelType)}, in UTC`}
          unit="deliveries"
          points={timeSeries.map(({ date, delivered }) => ({ label: formatPoint(date), value: delivered }))}
        />
      ))}
    </section>
  );
}
