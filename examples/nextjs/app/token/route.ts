import { makeClient } from "../../onecall";

/** Of whoever is signed in: here that is always Jane. */
export async function POST(): Promise<Response> {
  return Response.json(await makeClient().users.createToken("jane"));
}
