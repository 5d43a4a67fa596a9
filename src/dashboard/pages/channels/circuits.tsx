import { Refresh, WhenLoaded } from "../../components/loaded.tsx";
import { useLoad } from "../../load.ts";
import { operator } from "../../session.ts";

/** Which of the channel's providers fail so that they get only a probe at a time: the operator's status has it. */
export function Circuits({ app, channelKey }: { app: string; channelKey: string }) {
  const loaded = useLoad((signal) => operator.admin.appStatus(app, { signal }), [app]);
  const open = loaded.data?.probedProviders.filter((one) => one.channelKey === channelKey) ?? [];
  return (
    <section class="card stack" aria-label="Circuits">
      <div class="row spread">
        <h2>Circuits</h2>
        <Refresh loaded={loaded} />
      </div>
      <WhenLoaded loaded={loaded} what="the status">
        {() =>
          open.length === 0 && (
            <p>
              <span class="badge good">closed</span> Every provider answers, or hasn't been asked.
            </p>
          )
        }
      </WhenLoaded>
      {open.map(({ scope, shards }) => (
        <p key={scope}>
          <span class="badge bad">open</span> <strong>{scope}</strong> failed in {shards}{" "}
          {shards === 1 ? "shard" : "shards"}: it gets one call per 30 s until it answers, and the rest waits.
        </p>
      ))}
    </section>
  );
}
