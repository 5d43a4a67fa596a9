import { useEffect, useRef } from "preact/hooks";
import { Failure } from "../components/feedback.tsx";
import { useAction } from "../load.ts";
import { session, signIn } from "../session.ts";

/** Takes an API key or the admin token, which the browser doesn't keep: it is exchanged for a cookie. */
export function SignIn() {
  const input = useRef<HTMLInputElement>(null);
  const { run, isRunning, error } = useAction(signIn);
  useEffect(() => {
    document.title = "Sign in · Onecall";
    input.current?.focus();
  }, []);
  const found = session.value;
  const submit = (event: Event) => {
    event.preventDefault();
    const token = input.current?.value.trim() ?? "";
    if (token !== "") run(token);
  };
  return (
    <main class="sign-in">
      <form class="stack card" onSubmit={submit}>
        <div>
          <h1>Sign in to Onecall</h1>
          <p class="quiet">With an API key of your app, or with the operator's admin token.</p>
        </div>
        {found.state === "none" && found.reason !== null && (
          <p class="notice warn" role="status">
            {found.reason}
          </p>
        )}
        <label class="field">
          <span>API key or admin token</span>
          <input
            ref={input}
            class="input mono"
            type="password"
            name="token"
            autoComplete="current-password"
            spellcheck={false}
            required
          />
        </label>
        {error !== null && <Failure error={error} />}
        <button type="submit" class="button main" disabled={isRunning}>
          {isRunning ? "Signing in …" : "Sign in"}
        </button>
        <p class="small quiet">
          The key isn't kept in this browser. It is exchanged for a session that ends after 12 hours, or with
          the key.
        </p>
      </form>
    </main>
  );
}
