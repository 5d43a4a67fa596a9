import { OnecallInbox } from "onecall/inbox/react";

const getToken = async () => (await (await fetch("/token", { method: "POST" })).json()).authToken;
export const Inbox = () => <OnecallInbox server="https://onecall.example.com" getToken={getToken} />;
