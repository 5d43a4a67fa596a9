import type { ComponentChildren } from "preact";
import { Time } from "./time.tsx";

/** What is known of one thing: facts with their names. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What everything that has a key has beside. */
export function KeyFacts({ of: { key, createdAt, updatedAt } }: { of: Keyed }) {
  return (
    <>
      <Fact name="Key">
        <span class="mono">{key}</span>
      </Fact>
      <Fact name="Created">
        <Time at={createdAt} />
      </Fact>
      <Fact name="Updated">
        <Time at={updatedAt} />
      </Fact>
    </>
  );
}

interface Keyed {
  key: string;
  createdAt: string;
  updatedAt: string;
}
