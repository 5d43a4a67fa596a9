import { Inbox } from "./inbox";

/** The server's address is known when the page is asked for. */
export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <main>
      <h1>Orders</h1>
      <Inbox server={process.env.ONECALL_URL ?? ""} />
    </main>
  );
}
