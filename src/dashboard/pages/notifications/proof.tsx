import { useState } from "preact/hooks";
import type { CountsCheck } from "../../../client/api-types.ts";
import { Failure } from "../../components/feedback.tsx";
import { useAction } from "../../load.ts";
import { operator } from "../../session.ts";

/** The operator has the rows counted once more, in every shard, and sees both beside each other. */
export function Proof({ app, id }: { app: string; id: string }) {
  const [found, setFound] = useState<CountsCheck | null>(null);
  const proving = useAction(async () => setFound(await operator.admin.checkCounts(app, id)));
  return (
    <section class="card stack" aria-label="Proof">
      <div class="row spread">
        <div>
          <h2>Prove it</h2>
          <p class="small quiet">Counts every stored delivery anew. It reads all shards: don't poll it.</p>
        </div>
        <button type="button" class="button" disabled={proving.isRunning} onClick={() => proving.run()}>
          {proving.isRunning ? "Counting …" : "Recount"}
        </button>
      </div>
      {proving.error !== null && <Failure error={proving.error} />}
      <div role="status">
        {found !== null && (
          <p class={found.isEqual ? "notice good" : "notice bad"}>
            {found.isEqual
              ? "The counts are those of the stored rows, one by one."
              : "The counts and the rows differ. While it is sent they may for a moment; else tell whoever runs this service."}
          </p>
        )}
      </div>
    </section>
  );
}
