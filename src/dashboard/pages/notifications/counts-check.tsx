import { useState } from "preact/hooks";
import type { CountsCheck as Found } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { useAction } from "../../load.ts";
import { operator } from "../../session.ts";

/** The operator has the rows counted once more, in every shard, and sees both beside each other. */
export function CountsCheck({ app, id }: { app: string; id: string }) {
  const [found, setFound] = useState<Found | null>(null);
  const checking = useAction(async () => setFound(await operator.admin.checkCounts(app, id)));
  return (
    <section class="card stack" aria-label="Check of the counts">
      <div class="row spread">
        <div>
          <h2>Check the counts</h2>
          <p class="small quiet">
            Counts every stored delivery anew, one by one. It takes a while: for doubts, not for every day.
          </p>
        </div>
        <button type="button" class="button" disabled={checking.isRunning} onClick={() => checking.run()}>
          {checking.isRunning ? "Counting …" : "Count anew"}
        </button>
      </div>
      {checking.error !== null && <Failure error={checking.error} />}
      <CopyAs
        what="counting anew"
        call={{
          method: "GET",
          isAdmin: true,
          path: `/admin/apps/${encodeURIComponent(app)}/audit/${id}`,
          client: `admin.checkCounts(${JSON.stringify(app)}, ${JSON.stringify(id)})`,
        }}
      />
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
