declare global {
  function issueToken(): Promise<string>;
}

/** What every framework's page begins with. */
export function optionsOf(): { host: Element; server: string; getToken: () => Promise<string> } {
  const host = document.querySelector("main");
  const server = new URL(location.href).searchParams.get("server");
  if (host === null || server === null) throw new Error("The page isn't complete");
  return { host, server, getToken: () => issueToken() };
}
