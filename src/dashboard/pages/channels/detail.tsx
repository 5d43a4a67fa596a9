import type { Channel } from "../../../client/api-types.ts";
import { Confirm } from "../../components/confirm.tsx";
import { CopyAs } from "../../components/copy.tsx";
import { Failure, Loading } from "../../components/feedback.tsx";
import { Page } from "../../components/page.tsx";
import { Time } from "../../components/time.tsx";
import { useAction, useLoad } from "../../load.ts";
import { clientOf, isOperator, may } from "../../session.ts";
import { Circuits } from "./circuits.tsx";
import { Providers } from "./providers.tsx";
import { TestSend } from "./test-send.tsx";
import { WebhookSecret } from "./webhook-secret.tsx";

/** A channel: whether it is on, by whom it sends, what a test of it says. */
export default function ChannelDetail({ app = "", channel = "" }: { app?: string; channel?: string }) {
  const { data, error, isLoading, reload } = useLoad(
    (signal) => clientOf(app).channels.get(channel, { signal }),
    [app, channel],
  );
  return (
    <Page title={data?.name ?? "Channel"}>
      {error !== null && <Failure error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="the channel" />}
      {data !== null && <Found app={app} channel={data} reload={reload} />}
    </Page>
  );
}

function Found({ app, channel, reload }: { app: string; channel: Channel; reload: () => void }) {
  const { key, type } = channel;
  return (
    <>
      <Facts channel={channel} />
      {may("manage") ? (
        <Switch app={app} channel={channel} onSwitched={reload} />
      ) : (
        <CopyAs
          call={{
            method: "GET",
            path: `/v3/business-messaging/api/channels/${key}`,
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

function Facts({ channel: { key, type, enabled, createdAt, updatedAt } }: { channel: Channel }) {
  return (
    <dl class="facts">
      <div>
        <dt>State</dt>
        <dd>
          <span class={enabled ? "badge good" : "badge warn"}>{enabled ? "enabled" : "disabled"}</span>
        </dd>
      </div>
      <div>
        <dt>Type</dt>
        <dd>{type.replace("_", "-")}</dd>
      </div>
      <div>
        <dt>Key</dt>
        <dd class="mono">{key}</dd>
      </div>
      <div>
        <dt>Made</dt>
        <dd>
          <Time at={createdAt} />
        </dd>
      </div>
      <div>
        <dt>Changed</dt>
        <dd>
          <Time at={updatedAt} />
        </dd>
      </div>
    </dl>
  );
}

interface SwitchProps {
  app: string;
  channel: Channel;
  onSwitched(): void;
}

/** On or off: what is sent meanwhile isn't kept for later. */
function Switch({ app, channel: { key, name, enabled }, onSwitched }: SwitchProps) {
  const switching = useAction(async () => {
    await clientOf(app).channels.update(key, { enabled: !enabled });
    onSwitched();
  });
  return (
    <section class="stack-tight" aria-label="On or off">
      {switching.error !== null && <Failure error={switching.error} />}
      {!enabled && (
        <p class="notice warn">
          It is off: deliveries to it are skipped as <code>channel_disabled</code>.
        </p>
      )}
      <div class="row">
        {enabled ? (
          <Confirm
            verb="Disable"
            what={name}
            isRunning={switching.isRunning}
            onConfirm={() => switching.run()}
          >
            Deliveries to it are skipped from now on, and aren't made up for when it is enabled again.
          </Confirm>
        ) : (
          <button
            type="button"
            class="button main"
            disabled={switching.isRunning}
            onClick={() => switching.run()}
          >
            Enable {name}
          </button>
        )}
        <CopyAs
          call={{
            method: "PUT",
            path: `/v3/business-messaging/api/channels/${key}`,
            body: { enabled: !enabled },
            client: `channels.update("${key}", { enabled: ${!enabled} })`,
          }}
        />
      </div>
    </section>
  );
}
