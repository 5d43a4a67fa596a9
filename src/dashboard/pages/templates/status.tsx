import type { Template } from "../../../client/api-types.ts";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { useAction } from "../../load.ts";
import { clientOf, may } from "../../session.ts";

/** What a call has done, and what it warns of. */
export interface Outcome {
  done: string;
  warnings: readonly { field: string; message: string }[];
}

export function StatusOutcome({ outcome }: { outcome: Outcome | null }) {
  return (
    <div role="status">
      {outcome !== null && (
        <div class={outcome.warnings.length > 0 ? "notice warn" : "notice good"}>
          <strong>{outcome.done}</strong>
          {outcome.warnings.length > 0 && (
            <ul aria-label="Warnings">
              {outcome.warnings.map(({ field, message }) => (
                <li key={field}>
                  <code>{field}</code> {message}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </div>
  );
}

interface StatusActionsProps {
  app: string;
  template: Template;
  onDone(outcome: Outcome): void;
}

/** Approve the newest version, or take the template out of use. */
export function StatusActions({ app, template, onDone }: StatusActionsProps) {
  const { key, name, status, version, approvedVersion } = template;
  const changing = useAction(async (wanted: "approved" | "archived") => {
    const { warnings = [] } = await clientOf(app).templates.update(key, { status: wanted });
    const done =
      wanted === "approved" ? `Version ${version} is what is sent from now on.` : "It is archived.";
    onDone({ done, warnings });
  });
  if (!may("manage")) return null;
  const isApproved = status === "approved" && version === approvedVersion;
  return (
    <section class="card stack" aria-label="Approval">
      <p>{describe(template)}</p>
      {changing.error !== null && <Failure error={changing.error} />}
      <div class="row">
        {!isApproved && (
          <button
            type="button"
            class="button main"
            disabled={changing.isRunning}
            onClick={() => changing.run("approved")}
          >
            Approve version {version}
          </button>
        )}
        {status !== "archived" && (
          <Confirm
            verb="Archive"
            what={name}
            isRunning={changing.isRunning}
            onConfirm={() => changing.run("archived")}
          >
            From now on, whoever sends it gets ERR_TEMPLATE_NOT_APPROVED.
          </Confirm>
        )}
        <CopyAs
          call={{
            method: "PUT",
            path: `/templates/${key}`,
            body: { status: isApproved ? "archived" : "approved" },
            client: isApproved
              ? `templates.update("${key}", { status: "archived" })`
              : `templates.approve("${key}")`,
          }}
        />
      </div>
    </section>
  );
}

function describe({ status, version, approvedVersion }: Template): string {
  if (status === "draft") return "It is a draft: nothing of it is sent until it is approved.";
  if (status === "archived")
    return "It is archived: it isn't sent. Approving brings its newest version back.";
  return version === approvedVersion
    ? `Version ${version} is approved, and is what is sent.`
    : `Version ${approvedVersion} is sent; version ${version} waits for its approval.`;
}
