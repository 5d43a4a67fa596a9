import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MessageProvider, MessageTemplate } from "@sendbird/react-uikit-message-template-view";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { startTestWorker, type TestWorker } from "../support/worker/start.ts";

const API = "/v3/business-messaging/api";
const CHANNEL = "message-center";

/** A message template as Sendbird's dashboard exports it: five of its elements, and a colour of its theme. */
const TEMPLATE = {
  version: 1,
  body: {
    items: [
      {
        type: "image",
        imageUrl: "{photo.url}",
        metaData: { pixelWidth: "{photo.width}", pixelHeight: "{photo.height}" },
        imageStyle: { contentMode: "aspectFill" },
        width: { type: "flex", value: 0 },
        height: { type: "fixed", value: 120 },
      },
      {
        type: "box",
        layout: "column",
        viewStyle: { padding: { top: 12, bottom: 12, left: 12, right: 12 }, backgroundColor: "{SBCOLOR_bg}" },
        items: [
          {
            type: "text",
            text: "Hello {name}, your appointment is {appointment-number}.",
            textStyle: { size: 16, weight: "bold", color: "#E0000000" },
          },
          { type: "textButton", text: "Open", action: { type: "{cta.type}", data: "{cta.data}" } },
          {
            type: "imageButton",
            imageUrl: "{photo.url}",
            metaData: { pixelWidth: 20, pixelHeight: 20 },
            width: { type: "fixed", value: 20 },
            height: { type: "fixed", value: 20 },
            action: { type: "custom", data: "open/{appointment-number}" },
          },
        ],
      },
    ],
  },
};

const VARIABLES = {
  name: 'Bob <"& Co">',
  "appointment-number": 32893,
  photo: { url: "https://example.com/bob.jpg", width: 100, height: 50 },
  cta: { type: "web", data: "https://example.com/32893" },
};

let worker: TestWorker;
let app: { id: string; apiKey: string };

before(async () => {
  worker = await startTestWorker();
  app = await call(
    "POST",
    "/admin/apps",
    { authorization: `Bearer ${worker.adminToken}` },
    { name: "Theirs" },
  );
  await manage("POST", `${API}/channels`, { name: "Message center", key: CHANNEL, type: "in_app" });
});

after(async () => {
  await worker?.stop();
});

describe("a message template of Sendbird's", () => {
  test("is sent, read from the feed, and shown by the vendor's own renderer", async () => {
    const shown = await sendAndRead("plain", TEMPLATE, "jane");
    const html = renderItems(shown);
    assert.match(html, /Hello Bob &lt;&quot;&amp; Co&quot;&gt;, your appointment is 32893\./);
    assert.match(html, /https:\/\/example\.com\/bob\.jpg/);
    assert.doesNotMatch(html, /\{(name|photo|cta|appointment)/);
    const [image, box] = shown.body.items;
    assert.deepEqual(image?.metaData, { pixelWidth: 100, pixelHeight: 50 });
    assert.deepEqual(box?.items?.[1]?.action, { type: "web", data: "https://example.com/32893" });
    assert.equal(box?.viewStyle?.backgroundColor, "{SBCOLOR_bg}");
  });

  test("is sent as the whole record that holds it", async () => {
    const record = {
      key: "appointment",
      name: "appointment",
      ui_template: TEMPLATE,
      color_variables: { SBCOLOR_bg: "#FFFFFFFF,#FF2C2C2C" },
      message_retention_hours: 4320,
    };
    const shown = await sendAndRead("record", record, "john");
    assert.deepEqual(shown.color_variables, record.color_variables);
    assert.match(renderItems(shown.ui_template), /your appointment is 32893/);
  });
});

function renderItems(template: typeof TEMPLATE): string {
  const templateItems = template.body.items as unknown as Parameters<
    typeof MessageTemplate
  >[0]["templateItems"];
  const view = createElement(MessageTemplate, { templateVersion: 1, templateItems });
  return renderToStaticMarkup(createElement(MessageProvider, null, view));
}

async function sendAndRead<T extends object>(key: string, content: T, uid: string): Promise<T> {
  await manage("POST", `${API}/templates`, {
    name: key,
    key,
    channelKeys: [CHANNEL],
    content: { [CHANNEL]: content },
    placeholders: "single",
    variableSchema: {
      name: { type: "string" },
      "appointment-number": { type: "string" },
      photo: { type: "image" },
      cta: { type: "action" },
    },
  });
  const approved = await manage("PUT", `${API}/templates/${key}`, { status: "approved" });
  assert.deepEqual(approved.warnings, []);
  await manage("POST", `${API}/notifications/send`, {
    template: { key, variables: VARIABLES },
    targets: [uid],
    mode: "realtime",
  });
  const { authToken } = await manage("POST", `/v3/business-messaging/api/users/${uid}/auth_tokens`, {});
  const feed = await call("GET", `${API}/feed`, { authorization: `Bearer ${authToken}` });
  return feed.data[0].content;
}

function manage(method: string, path: string, body: object) {
  return call(method, path, { appid: app.id, apikey: app.apiKey }, body);
}

async function call(method: string, path: string, headers: Record<string, string>, body?: object) {
  const response = await fetch(worker.url + path, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${answer}`);
  return JSON.parse(answer);
}
