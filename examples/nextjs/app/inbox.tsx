"use client";

import { OnecallInbox } from "onecall/inbox/react";

async function getToken(): Promise<string> {
  const answer = await fetch("/token", { method: "POST" });
  return (await answer.json()).authToken;
}

export function Inbox({ server }: { server: string }) {
  return <OnecallInbox server={server} getToken={getToken} />;
}
