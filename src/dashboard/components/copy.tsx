import { useState } from "preact/hooks";

const API = "/v3/business-messaging/api";

/** A button that copies a text. */
export function CopyButton({ text, label, children }: { text: string; label: string; children?: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2000);
  };
  return (
    <button
      type="button"
      class="button plain small"
      aria-label={children === undefined ? label : undefined}
      onClick={copy}
    >
      <span aria-live="polite">{isCopied ? "Copied" : (children ?? "Copy")}</span>
    </button>
  );
}

/** A call that the page makes, as others can make it. */
export interface CallExample {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the API's, with its query; the operator's from the root. */
  path: string;
  /** The operator's: with the admin token. */
  isAdmin?: boolean;
  body?: object;
  /** The same with `onecall/client`: what follows `onecall.`. */
  client: string;
}

/** The same where there is no room for it, such as in a row: it unfolds. */
export function CopyAsMenu({ call, what }: { call: CallExample; what: string }) {
  return (
    <details class="menu small">
      <summary>
        Copy as … <span class="unseen">{what}</span>
      </summary>
      <CopyAs call={call} what={what} />
    </details>
  );
}

/** "Copy as curl" and "copy as client code", beside what the page does. Keys are the shell's variables. */
export function CopyAs({ call, what }: { call: CallExample; what?: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
    <span class="row" role="group" aria-label={what === undefined ? "The call" : `The call: ${what}`}>
      <CopyButton text={toCurl(call)} label="Copy as curl">
        Copy as curl
      </CopyButton>
      <CopyButton text={toClient(call)} label="Copy as client code">
        Copy as client code
      </CopyButton>
    </span>
  );
}

function toCurl({ method, path, isAdmin = false, body }: CallExample): string {
  const lines = [
    `curl -X ${method} ${quoteForShell(location.origin + (isAdmin ? "" : API) + path)}`,
    isAdmin ? '-H "Authorization: Bearer $ONECALL_ADMIN_TOKEN"' : '-H "apikey: $ONECALL_API_KEY"',
    ...(body === undefined
      ? []
      : ['-H "Content-Type: application/json"', `-d ${quoteForShell(JSON.stringify(body))}`]),
  ];
  return lines.join(" \\\n  ");
}

/** As the one text that it is: between single quotes a shell reads nothing. */
function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function toClient({ client, isAdmin = false }: CallExample): string {
  const secret = isAdmin
    ? "adminToken: process.env.ONECALL_ADMIN_TOKEN"
    : "apiKey: process.env.ONECALL_API_KEY";
  return [
    'import { Onecall } from "onecall/client";',
    "",
    `const onecall = new Onecall({ url: ${JSON.stringify(location.origin)}, ${secret} });`,
    `const answer = await onecall.${client};`,
  ].join("\n");
}
