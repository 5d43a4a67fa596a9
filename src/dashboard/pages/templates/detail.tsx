import { useState } from "preact/hooks";
import type { Channel, Template } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Fact, Facts, KeyFacts } from "../../components/facts.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { useLoad } from "../../load.ts";
import { clientOf, may } from "../../session.ts";
import { changesOf, type Draft, toDraft } from "./draft.ts";
import { Editor } from "./editor.tsx";
import { LivePreview } from "./live-preview.tsx";
import { type Outcome, StatusActions, StatusOutcome } from "./status.tsx";

interface Found {
  template: Template;
  channels: readonly Channel[];
}

/** A template: its status, what it says, and what users would see. */
export default function TemplateDetail({ app = "", template = "" }: { app?: string; template?: string }) {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const loaded = useLoad(
    async (signal): Promise<Found> => {
      const { templates, channels } = clientOf(app);
      const [found, page] = await Promise.all([
        templates.get(template, { signal }),
        channels.list({ signal }).page(),
      ]);
      return { template: found, channels: page.data };
    },
    [app, template],
  );
  const done = (one: Outcome) => {
    setOutcome(one);
    loaded.reload();
  };
  return (
    <Page
      title={loaded.data?.template.name ?? "Template"}
      actions={<Links app={app} template={loaded.data?.template} />}
    >
      <WhenLoaded loaded={loaded} what="the template">
        {(found) => (
          <>
            <TemplateFacts template={found.template} />
            <StatusOutcome outcome={outcome} />
            <StatusActions app={app} template={found.template} onDone={done} />
            <Content app={app} found={found} onDone={done} />
          </>
        )}
      </WhenLoaded>
    </Page>
  );
}

function Links({ app, template }: { app: string; template: Template | undefined }) {
  if (template === undefined) return null;
  const base = `/dashboard/${encodeURIComponent(app)}`;
  const key = encodeURIComponent(template.key);
  return (
    <>
      <a class="button" href={`${base}/templates/${key}/versions`}>
        Versions
      </a>
      {template.status === "approved" && may("send") && (
        <a class="button main" href={`${base}/send?template=${key}`}>
          Send it
        </a>
      )}
    </>
  );
}

function Content({ app, found, onDone }: { app: string; found: Found; onDone(outcome: Outcome): void }) {
  const { template, channels } = found;
  const stored = toDraft(template);
  if (!may("manage")) {
    return (
      <>
        <p class="notice">Your key may look at templates. To change them it needs the scope “manage”.</p>
        <LivePreview draft={stored} channels={channels} />
        <ReadExample template={template} />
      </>
    );
  }
  const save = async (draft: Draft, approve: boolean) => {
    const body = { ...changesOf(draft, stored), ...(approve ? { status: "approved" as const } : {}) };
    const { version, warnings = [] } = await clientOf(app).templates.update(template.key, body);
    onDone({
      done: approve ? `Version ${version} is saved and approved.` : `Version ${version} is saved.`,
      warnings,
    });
  };
  return (
    <Editor
      // A new version begins anew with what the service keeps; what is being written outlives an approval.
      key={template.version}
      stored={stored}
      channels={channels}
      isNew={false}
      callOf={(body) => ({
        method: "PUT",
        path: `/templates/${template.key}`,
        body,
        client: `templates.update("${template.key}", ${JSON.stringify(body)})`,
      })}
      onSave={save}
    />
  );
}

function ReadExample({ template: { key } }: { template: Template }) {
  return (
    <CopyAs
      call={{
        method: "GET",
        path: `/templates/${key}`,
        client: `templates.get("${key}")`,
      }}
    />
  );
}

function TemplateFacts({ template }: { template: Template }) {
  const { status, version, approvedVersion } = template;
  return (
    <Facts>
      <Fact name="Status">
        <StatusBadge status={status} />
      </Fact>
      <Fact name="Sent version">
        {status === "approved" && approvedVersion !== null ? approvedVersion : "none: it isn't sent"}
      </Fact>
      <Fact name="Newest version">{version}</Fact>
      <KeyFacts of={template} />
    </Facts>
  );
}
