import type { Notification } from "../../../client/api-types.ts";
import { may } from "../../session.ts";

/** Who sent it, with the way to what else they did. */
export function SentBy({ app, sentBy }: { app: string; sentBy: Notification["sentBy"] }) {
  const { type, key, keyId, name, via } = sentBy;
  const isOperator = type === "admin";
  const actor = isOperator ? "admin" : (keyId ?? key ?? "");
  const shown = isOperator ? "the operator" : (name ?? "an API key");
  return (
    <>
      {may("manage") ? (
        <a
          href={`/dashboard/${encodeURIComponent(app)}/audit-log?actor=${encodeURIComponent(actor)}`}
          title="What else was done by it"
        >
          {shown}
        </a>
      ) : (
        shown
      )}{" "}
      <span class="small quiet">
        {key !== null && <span class="mono">{key}</span>}
        {via !== null && (via === "dashboard" ? " in the dashboard" : " by the API")}
        {keyId !== null && <div class="mono">{keyId}</div>}
      </span>
    </>
  );
}
