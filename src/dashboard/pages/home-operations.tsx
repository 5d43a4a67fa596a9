import { Failure, Loading } from "../components/feedback.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../format.ts";
import { useLoad } from "../load.ts";
import { operator } from "../session.ts";

/** What the operator asks first: is anything stuck, does a provider fail, is an object getting full? */
export function Operations({ app }: { app: string }) {
  const { data, error, isLoading, reload } = useLoad(
    (signal) => operator.admin.appStatus(app, { signal }),
    [app],
  );
  return (
    <section class="card stack" aria-label="Operations">
      <div class="row spread">
        <h2>Operations</h2>
        <button type="button" class="button" onClick={reload} disabled={isLoading}>
          {isLoading ? "Loading …" : "Refresh"}
        </button>
      </div>
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="the status" />}
      {data !== null && (
        <dl class="facts">
          <div>
            <dt>Not completed</dt>
            <dd class="number">{formatNumber(data.uncompleted)}</dd>
          </div>
          <div>
            <dt>The oldest of them</dt>
            <dd>
              {data.oldestUncompleted === null ? (
                "none"
              ) : (
                <a href={`/dashboard/${encodeURIComponent(app)}/notifications/${data.oldestUncompleted.id}`}>
                  <Time at={data.oldestUncompleted.createdAt} isAge />
                </a>
              )}
            </dd>
          </div>
          <div>
            <dt>Providers that fail</dt>
            <dd>
              {data.probedProviders.length === 0
                ? "none: every circuit is closed"
                : data.probedProviders.map(({ channelKey, scope, shards }) => (
                    <div key={`${channelKey} ${scope}`}>
                      <span class="badge bad">{scope}</span> in {channelKey}, {shards} shards
                    </div>
                  ))}
            </dd>
          </div>
          <div>
            <dt>Sent again by the watchdog</dt>
            <dd class="number">{formatNumber(data.redrivenChunks)} chunks</dd>
          </div>
          <div>
            <dt>Dead letters</dt>
            <dd class="number">{formatNumber(data.deadLetters)}</dd>
          </div>
          <div>
            <dt>Fullest object</dt>
            <dd class="number">
              {data.largestObjects[0] === undefined
                ? "unknown"
                : `${(data.largestObjects[0].share * 100).toFixed(1)} % of a ${data.largestObjects[0].kind.replace("_", " ")}`}
            </dd>
          </div>
        </dl>
      )}
    </section>
  );
}
