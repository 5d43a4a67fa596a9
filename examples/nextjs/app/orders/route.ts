import { OnecallError } from "onecall/client";
import { makeClient } from "../../onecall";

export async function POST(request: Request): Promise<Response> {
  const { to, order } = await request.json();
  const options = { to, idempotencyKey: order.orderId };
  try {
    return Response.json(await makeClient().notifications.send("order-confirmation", order, options));
  } catch (error) {
    if (!(error instanceof OnecallError)) throw error;
    return Response.json(
      { code: error.code, details: error.details },
      { status: error.retryable ? 503 : 422 },
    );
  }
}
