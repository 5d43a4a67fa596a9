import type { Channel } from "../../../client/api-types.ts";
import { StatusBadge } from "../../components/badges.tsx";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Fact, Facts, KeyFacts } from "../../components/facts.tsx";
import { Failure } from "../../components/feedback.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { Page } from "../../components/page.tsx";
import { formatChannelType } from "../../format.ts";
import { useAction, useLoad } from "../../load.ts";
import { clientOf, isOperator, may } from "../../session.ts";
import { Circuits } from "./circuits.tsx";
import { Providers } from "./providers.tsx";
import { TestSend } from "./test-send.tsx";
import { WebhookSecret } from "./webhook-secret.tsx";

/** A channel: whether it is enabled, by whom it sends, what a test of it says. */
export default function ChannelDetail({ app = "", channel = "" }: { app?: string; channel?: string }) {
  const loaded = useLoad((signal) => clientOf(app).channels.get(channel, { signal }), [app, channel]);
  return (
    <Page title={loaded.data?.name ?? "Channel"}>
      <WhenLoaded loaded={loaded} what="the channel">
        {(found) => <Found app={app} channel={found} reload={loaded.reload} />}
      </WhenLoaded>
    </Page>
  );
}

function Found({ app, channel, reload }: { app: string; channel: Channel; reload: () => void }) {
  const { key, type } = channel;
  return (
    <>
      <ChannelFacts channel={channel} />
      {may("manage") ? (
        <Enabling app={app} channel={channel} onChanged={reload} />
      ) : (
        <CopyAs
          call={{
            method: "GET",
            path: `/channels/${key}`,
            client: `channels.get("${key}")`,
          }}
        />
      )}
      {type === "push" && <Providers app={app} channel={channel} onSaved={reload} />}
      {type === "webhook" && <WebhookSecret app={app} channel={channel} onRotated={reload} />}
      {type !== "in_app" && isOperator() && <Circuits app={app} channelKey={key} />}
      {type !== "in_app" && may("send") && <TestSend app={app} channel={channel} />}
      {type === "in_app" && (
        <p class="quiet">
          It reaches users' feeds by this service itself: it has no provider to set or to test.
        </p>
      )}
    </>
  );
}

function ChannelFacts({ channel }: { channel: Channel }) {
  const { type, enabled } = channel;
  return (
    <Facts>
      <Fact name="State">
        <StatusBadge status={enabled ? "enabled" : "disabled"} />
      </Fact>
      <Fact name="Type">{formatChannelType(type)}</Fact>
      <KeyFacts of={channel} />
    </Facts>
  );
}

interface EnablingProps {
  app: string;
  channel: Channel;
  onChanged(): void;
}

/** Enables or disables it: what is sent meanwhile isn't kept for later. */
function Enabling({ app, channel: { key, name, enabled }, onChanged }: EnablingProps) {
  const changing = useAction(async () => {
    await clientOf(app).channels.update(key, { enabled: !enabled });
    onChanged();
  });
  return (
    <section class="stack-tight" aria-label="Enabled or disabled">
      {changing.error !== null && <Failure error={changing.error} />}
      {!enabled && (
        <p class="notice warn">
          It is disabled: deliveries to it are skipped as <code>channel_disabled</code>.
        </p>
      )}
      <div class="row">
        {enabled ? (
          <Confirm verb="Disable" what={name} isRunning={changing.isRunning} onConfirm={() => changing.run()}>
            Deliveries to it are skipped from now on, and aren't made up for when it is enabled again.
          </Confirm>
        ) : (
          <button
            type="button"
            class="button main"
            disabled={changing.isRunning}
            onClick={() => changing.run()}
          >
            Enable {name}
          </button>
        )}
        <CopyAs
          call={{
            method: "PUT",
            path: `/channels/${key}`,
            body: { enabled: !enabled },
            client: `channels.update("${key}", { enabled: ${!enabled} })`,
          }}
        />
      </div>
    </section>
  );
}
