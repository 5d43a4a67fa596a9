import { useEffect, useState } from "preact/hooks";

/** How long somebody who types has stopped for: what they type isn't asked for letter by letter. */
const SETTLED_MS = 300;

/** A value as it is once it has stayed the same for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
