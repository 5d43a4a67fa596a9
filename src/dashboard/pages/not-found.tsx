import { Empty } from "../components/feedback.tsx";
import { Page } from "../components/page.tsx";

export default function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="There is nothing at this address">
        <p>
          It may have been shortened on its way. <a href="/dashboard">Begin at the start</a>, or search with
          the key /.
        </p>
      </Empty>
    </Page>
  );
}
