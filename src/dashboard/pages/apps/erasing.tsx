import { useEffect } from "preact/hooks";
import type { Erasure } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Time } from "../../components/time.tsx";
import { useLoad } from "../../load.ts";
import { operator } from "../../session.ts";

const LOOK_MS = 2000;

/** The steps of an erasure in their order, and what each takes away. */
const STEPS: readonly (readonly [step: Erasure["step"], does: string])[] = [
  ["copies", "Keys and settings, so that nobody gets in any more. Then two minutes pass, in which calls end"],
  ["shards", "Users, devices, feeds and deliveries"],
  ["ledgers", "Notifications and counts"],
  ["webhooks", "What webhooks were still to get"],
  ["files", "CSVs and audiences"],
  ["registry", "Templates, channels, keys and the audit log"],
];

/** How far the erasure of an app is, until it is done. */
export function Erasing({ id }: { id: string }) {
  const loaded = useLoad((signal) => operator.admin.erasure(id, { signal }), [id]);
  const { data, isLoading, reload } = loaded;
  const isDone = data?.state === "erased";
  useEffect(() => {
    if (isDone || isLoading) return;
    const timer = setTimeout(reload, LOOK_MS);
    return () => clearTimeout(timer);
  }, [isDone, isLoading, reload]);
  return (
    <section class="card stack" aria-label={`Erasure of ${id}`}>
      <h2>
        {isDone ? "Erased" : "Being erased"}: {id}
      </h2>
      <WhenLoaded loaded={loaded} what="how far it is">
        {(erasure) => <Progress erasure={erasure} />}
      </WhenLoaded>
      <CopyAs
        what="the erasure"
        call={{
          method: "GET",
          isAdmin: true,
          path: `/admin/apps/${encodeURIComponent(id)}/erasure`,
          client: `admin.erasure(${JSON.stringify(id)})`,
        }}
      />
    </section>
  );
}

function Progress({ erasure }: { erasure: Erasure }) {
  const { state, step, shards, startedAt } = erasure;
  const now = state === "erased" ? STEPS.length : STEPS.findIndex(([name]) => name === step);
  return (
    <>
      <p role="status">
        {state === "erased"
          ? "Nothing of it is left but its id, which is never given again."
          : `Step ${now + 1} of ${STEPS.length}. It goes on by itself, whether or not anybody looks.`}{" "}
        Begun <Time at={startedAt} isAge />.
      </p>
      <progress max={STEPS.length} value={now} aria-label="Steps that are done" />
      <ol class="stack-tight">
        {STEPS.map(([name, does], index) => (
          <li key={name} aria-current={index === now ? "step" : undefined}>
            <StatusBadge status={index < now ? "erased" : index === now ? "erasing" : "waits"} /> {does}
            {name === "shards" && index === now && shards !== null && (
              <span class="quiet number">
                : {shards.erased} of {shards.total} shards
              </span>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}
