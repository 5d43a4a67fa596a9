import type { ListedTemplateVersion, TemplateVersion } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Diff } from "../../components/diff.tsx";
import { Empty } from "../../components/feedback.tsx";
import { LoadedTable, WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { type Column, Pager } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { useLoad } from "../../load.ts";
import { clientOf } from "../../session.ts";
import { type UrlState, useUrlState } from "../../url-state.ts";

/** A template's versions, and what changed from one to another: `before` and `after` stand in the address. */
export default function TemplateVersions({ app = "", template = "" }: { app?: string; template?: string }) {
  const url = useUrlState();
  const query = { limit: 20, ...url.only(["cursor"]) };
  const loaded = useLoad(
    (signal) => clientOf(app).templates.versions(template, query, { signal }).page(),
    [app, template, JSON.stringify(query)],
  );
  const newest = loaded.data?.data[0]?.version ?? 0;
  const after = Number(url.get("after")) || newest;
  const before = Number(url.get("before")) || after - 1;
  return (
    <Page
      title={`Versions of ${template}`}
      actions={
        <a
          class="button"
          href={`/dashboard/${encodeURIComponent(app)}/templates/${encodeURIComponent(template)}`}
        >
          The template
        </a>
      }
    >
      <LoadedTable
        loaded={loaded}
        what="versions"
        caption="Versions"
        keyOf={({ version }) => String(version)}
        columns={columnsOf(url, newest)}
      >
        <Empty title="No version is on this page" />
      </LoadedTable>
      <div class="row spread">
        <Pager url={url} nextCursor={loaded.data?.nextCursor ?? null} />
        <CopyAs
          call={{
            method: "GET",
            // As the address has it, which may be anybody's link.
            path: `/templates/${encodeURIComponent(template)}/versions`,
            client: `templates.versions(${JSON.stringify(template)}).page()`,
          }}
        />
      </div>
      {before >= 1 && <Changes app={app} template={template} before={before} after={after} />}
      {after === 1 && before < 1 && (
        <p class="quiet">There is one version: nothing to compare it with yet.</p>
      )}
    </Page>
  );
}

function columnsOf(url: UrlState, newest: number): Column<ListedTemplateVersion>[] {
  return [
    { title: "Version", cell: ({ version }) => version },
    { title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      title: "Approved",
      cell: ({ approvedAt }) => (approvedAt === null ? "never" : <Time at={approvedAt} />),
    },
    { title: "Channels", cell: ({ channelKeys }) => channelKeys.join(", ") },
    {
      title: "What changed",
      cell: ({ version }) => (
        <span class="row">
          {version > 1 && (
            <a href={linkTo(url, version - 1, version)} aria-label={`Since ${version - 1} to ${version}`}>
              Since {version - 1}
            </a>
          )}
          {version < newest && (
            <a href={linkTo(url, version, newest)} aria-label={`Until ${newest} from ${version}`}>
              Until {newest}
            </a>
          )}
        </span>
      ),
    },
  ];
}

/** The page of the list stays as it is. */
function linkTo(url: UrlState, before: number, after: number): string {
  return url.with({ ...url.only(["cursor"]), before: String(before), after: String(after) });
}

interface ChangesProps {
  app: string;
  template: string;
  before: number;
  after: number;
}

function Changes({ app, template, before, after }: ChangesProps) {
  const loaded = useLoad(
    (signal) =>
      Promise.all(
        [before, after].map(async (version) =>
          textOf(await clientOf(app).templates.version(template, version, { signal })),
        ),
      ),
    [app, template, before, after],
  );
  const title = `From version ${before} to version ${after}`;
  return (
    <section class="stack" aria-label="What changed">
      <h2>{title}</h2>
      <WhenLoaded loaded={loaded} what="both versions">
        {([old = "", fresh = ""]) => <Diff before={old} after={fresh} label={title} />}
      </WhenLoaded>
    </section>
  );
}

/** What a version says, without when. */
function textOf({ channelKeys, content, variableSchema, placeholders }: TemplateVersion): string {
  return JSON.stringify({ channelKeys, placeholders, content, variableSchema }, null, 2);
}
