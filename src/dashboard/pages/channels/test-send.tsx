import { useState } from "preact/hooks";
import type { Channel, ChannelTest } from "../../../client/api-types.ts";
import { CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Form, TextField } from "../../components/fields.tsx";
import { formatDuration } from "../../format.ts";
import { useAction } from "../../load.ts";
import { clientOf } from "../../session.ts";

const MEANINGS: Readonly<Record<ChannelTest["outcome"], string>> = {
  accepted: "It was taken.",
  gone: "The address is gone: it was removed.",
  rejected: "It was refused: look at the credentials and at what was said.",
  retry: "It wasn't taken now: a real one would be tried again.",
  unreachable: "Nobody answered there.",
  untried: "Nobody was called.",
};

/** One push to one device, or one call to a user's address, and what was said to it. It counts nothing. */
export function TestSend({ app, channel: { key, type } }: { app: string; channel: Channel }) {
  const [userId, setUserId] = useState("");
  const [title, setTitle] = useState("Test");
  const [text, setText] = useState("A test message by Onecall.");
  const [found, setFound] = useState<ChannelTest | null>(null);
  const body = { userId, title, body: text };
  const testing = useAction(async () => {
    setFound(null);
    setFound(await clientOf(app).channels.test(key, body));
  });
  const what = type === "push" ? "a test push" : "a test call";
  return (
    <Form label="Test" onSubmit={testing.run}>
      <div>
        <h2>Send {what}</h2>
        <p class="small quiet">
          {type === "push" ? "To the user's newest device." : "To the user's webhook address."} It counts
          nothing.
        </p>
      </div>
      <div class="filters wide">
        <TextField label="User id" required value={userId} onValue={setUserId} />
        <TextField label="Title" required value={title} onValue={setTitle} />
        <TextField label="Body" required value={text} onValue={setText} />
      </div>
      {testing.error !== null && <Failure error={testing.error} />}
      <div class="row">
        <button type="submit" class="button main" disabled={testing.isRunning}>
          {testing.isRunning ? "Sending …" : `Send ${what}`}
        </button>
        <CopyAs
          call={{
            method: "POST",
            path: `/channels/${key}/test`,
            body,
            client: `channels.test("${key}", ${JSON.stringify(body)})`,
          }}
        />
      </div>
      <div role="status">{found !== null && <Answer found={found} />}</div>
    </Form>
  );
}

function Answer({ found }: { found: ChannelTest }) {
  const { outcome, provider, deviceId, url, status, reason, message, durationMs } = found;
  return (
    <div class={outcome === "accepted" ? "notice good" : "notice bad"}>
      <strong>
        {outcome}: {MEANINGS[outcome]}
      </strong>
      <span class="small">
        {provider ?? url} {status !== null && `answered ${status} `}in {formatDuration(durationMs)}
        {deviceId !== undefined && (
          <>
            {" "}
            · device <code>{deviceId}</code>
          </>
        )}
      </span>
      {reason !== null && <code class="small">{reason}</code>}
      {message !== null && <span class="mono small">“{message}”</span>}
    </div>
  );
}
