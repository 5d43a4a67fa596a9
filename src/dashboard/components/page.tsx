import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface PageProps {
  title: string;
  /** Beside the title: what can be done. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A page with its title, in the browser's tab too. */
export function Page({ title, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Onecall`;
  }, [title]);
  return (
    <div class="stack">
      <div class="row spread">
        <h1>{title}</h1>
        {actions !== undefined && <div class="row">{actions}</div>}
      </div>
      {children}
    </div>
  );
}
