import type { AppStatus } from "../../client/api-types.ts";
import { CopyAs } from "../components/copy.tsx";
import { Fact, Facts } from "../components/facts.tsx";
import { Refresh, WhenLoaded } from "../components/loaded.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../format.ts";
import { useLoad } from "../load.ts";
import { operator } from "../session.ts";

/** What the operator asks first: is anything stuck, does a provider fail, is an object getting full? */
export function Operations({ app }: { app: string }) {
  const loaded = useLoad((signal) => operator.admin.appStatus(app, { signal }), [app]);
  return (
    <section class="card stack" aria-label="Operations">
      <div class="row spread">
        <h2>Operations</h2>
        <Refresh loaded={loaded} />
      </div>
      <WhenLoaded loaded={loaded} what="the status">
        {(status) => <StatusFacts app={app} status={status} />}
      </WhenLoaded>
      <CopyAs
        what="the status"
        call={{
          method: "GET",
          isAdmin: true,
          path: `/admin/apps/${encodeURIComponent(app)}/status`,
          client: `admin.appStatus(${JSON.stringify(app)})`,
        }}
      />
    </section>
  );
}

function StatusFacts({ app, status }: { app: string; status: AppStatus }) {
  const { uncompleted, oldestUncompleted, probedProviders, redrivenChunks, deadLetters } = status;
  const [fullest] = status.largestObjects;
  return (
    <Facts>
      <Fact name="Notifications not completed">{formatNumber(uncompleted)}</Fact>
      <Fact name="The oldest of them, sent">
        {oldestUncompleted === null ? (
          "none"
        ) : (
          <a href={`/dashboard/${encodeURIComponent(app)}/notifications/${oldestUncompleted.id}`}>
            <Time at={oldestUncompleted.createdAt} isAge />
          </a>
        )}
      </Fact>
      <Fact name="Providers that fail">
        {probedProviders.length === 0
          ? "none"
          : probedProviders.map(({ channelKey, scope, shards }) => (
              <div key={`${channelKey} ${scope}`}>
                <span class="badge bad">{scope}</span> in {channelKey}, for {shards}{" "}
                {shards === 1 ? "shard" : "shards"} of users
              </div>
            ))}
      </Fact>
      <Fact name="Got stuck, and was sent again">{formatNumber(redrivenChunks)} chunks of users</Fact>
      <Fact name="Failed for good, and was made up for">{formatNumber(deadLetters)} messages</Fact>
      <Fact name="Fullest store, of its 10 GB">
        {fullest === undefined
          ? "unknown"
          : `${(fullest.share * 100).toFixed(1)} %, a ${fullest.kind.replace("_", " ")}`}
      </Fact>
    </Facts>
  );
}
