import { useState } from "preact/hooks";
import type { Template } from "../../../client/api-types.ts";
import { type CallExample, CopyAs } from "../../components/copy.tsx";
import { Failure } from "../../components/feedback.tsx";
import { Form } from "../../components/fields.tsx";
import { WhenLoaded } from "../../components/loaded.tsx";
import { useAction } from "../../load.ts";
import { clientOf } from "../../session.ts";
import { mayLeave, useUnsaved } from "../../unsaved.ts";
import { Preview } from "../send/preview.tsx";
import { TemplateChoice, useTemplate } from "../send/template-choice.tsx";
import { emptyValues, toVariables, VariableFields } from "../send/variables.tsx";

interface SendToUserProps {
  app: string;
  uid: string;
  /** With the notification's id, once it is stored. */
  onSent(notificationId: string): void;
}

/** One template to this user, at once. */
export function SendToUser({ app, uid, onSent }: SendToUserProps) {
  const [templateKey, setTemplateKey] = useState("");
  return (
    <section class="card stack" aria-label="Send notification">
      <h2>Send to {uid}</h2>
      <TemplateChoice
        app={app}
        templateKey={templateKey}
        // Another template has other variables: what is filled in goes.
        onChoose={(key) => mayLeave() && setTemplateKey(key)}
      />
      {templateKey !== "" && <Chosen key={templateKey} {...{ app, uid, templateKey, onSent }} />}
    </section>
  );
}

function Chosen({ app, uid, templateKey, onSent }: SendToUserProps & { templateKey: string }) {
  const loaded = useTemplate(app, templateKey);
  return (
    <WhenLoaded loaded={loaded} what="the template">
      {(template) => <SendOne {...{ app, uid, template, onSent }} />}
    </WhenLoaded>
  );
}

function SendOne({ app, uid, template, onSent }: SendToUserProps & { template: Template }) {
  const [begun, setBegun] = useState(() => emptyValues(template));
  const [values, setValues] = useState(begun);
  useUnsaved(JSON.stringify(values) !== JSON.stringify(begun));
  const variables = toVariables(template, values);
  const sending = useAction(async () => {
    const sent = await clientOf(app).notifications.send(template.key, variables, { to: uid });
    // What was filled in is sent: nothing of it would be lost.
    setBegun(values);
    onSent(sent.notificationId);
  });
  return (
    <Form class="stack" onSubmit={sending.run}>
      <VariableFields {...{ template, values }} onValues={setValues} legend="Variables" />
      <Preview
        app={app}
        template={template}
        sample={variables}
        readSample={async () => ({ variables, whose: null })}
      />
      {sending.error !== null && <Failure error={sending.error} />}
      <div class="row">
        <button type="submit" class="button main" disabled={sending.isRunning}>
          {sending.isRunning ? "Sending …" : `Send to ${uid}`}
        </button>
        <CopyAs what="the send" call={exampleOf(template, uid, variables)} />
      </div>
    </Form>
  );
}

function exampleOf({ key }: Template, uid: string, variables: object): CallExample {
  const [shownKey, shownVariables, to] = [key, variables, { to: uid }].map((one) => JSON.stringify(one));
  return {
    method: "POST",
    path: "/notifications/send",
    body: { mode: "realtime", targets: [uid], template: { key, variables } },
    client: `notifications.send(${shownKey}, ${shownVariables}, ${to})`,
  };
}
