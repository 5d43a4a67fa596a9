import * as v from "valibot";
import { type Answer, jsonAnswer } from "./answers.ts";
import { createDevice } from "./devices.ts";
import { faultsSchema, goneSchema, newDevicesSchema, newProjectSchema, providerSchema } from "./model.ts";
import type { Project, Registry } from "./projects.ts";

/** A mistake of the caller of the control API. */
class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The API by which tests set the providers up and ask what they saw. `path` is what follows `/_control`. */
export async function answerControl(
  registry: Registry,
  method: string,
  path: string,
  query: URLSearchParams,
  body: Buffer,
): Promise<Answer> {
  try {
    return await route(registry, method, path, query, body);
  } catch (error) {
    if (error instanceof ControlError) {
      return jsonAnswer(error.status, { error: error.message });
    }
    throw error;
  }
}

async function route(
  registry: Registry,
  method: string,
  path: string,
  query: URLSearchParams,
  body: Buffer,
): Promise<Answer> {
  if (method === "GET" && path === "/health") {
    return jsonAnswer(200, { status: "ok" });
  }
  if (method === "POST" && path === "/projects") {
    const { keepReceived } = parse(newProjectSchema, body.length === 0 ? {} : parseJson(body));
    const { id, credentials } = await registry.createProject(keepReceived);
    return jsonAnswer(201, { id, credentials });
  }
  const [, collection, id = "", action] = path.split("/");
  if (collection !== "projects") {
    throw new ControlError(404, `There is no ${method} ${path}.`);
  }
  const project = registry.byId.get(id);
  if (!project) {
    throw new ControlError(404, `There is no project ${id}.`);
  }
  switch (`${method} ${action}`) {
    case "POST devices":
      return jsonAnswer(201, { devices: createDevices(registry, project, body) });
    case "PUT faults":
      project.faults.replace(parse(faultsSchema, parseJson(body)).rules);
      return { status: 204 };
    case "PUT gone":
      markGone(registry, project, body);
      return { status: 204 };
    case "GET received":
      return jsonAnswer(200, project.journal.entries(parseProvider(query)));
    case "DELETE received":
      project.journal.clear();
      return { status: 204 };
    case "GET summary":
      return jsonAnswer(200, project.journal.summary());
    default:
      throw new ControlError(404, `There is no ${method} ${path}.`);
  }
}

function createDevices(registry: Registry, project: Project, body: Buffer) {
  const { provider, count, topic, sandbox } = parse(newDevicesSchema, parseJson(body));
  const wanted = { provider, sandbox, topic: topic ?? project.credentials.apns.topic };
  return Array.from({ length: count }, () => createDevice(registry, project, wanted));
}

function markGone(registry: Registry, project: Project, body: Buffer): void {
  const { device } = parse(goneSchema, parseJson(body));
  const found = registry.deviceOf(project, device);
  if (!found) {
    throw new ControlError(404, `Project ${project.id} has no device ${device}.`);
  }
  found.goneAt ??= Date.now();
}

function parseProvider(query: URLSearchParams) {
  const provider = query.get("provider");
  return provider === null ? undefined : parse(providerSchema, provider);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new ControlError(400, "The body isn't JSON.");
  }
}

function parse<Schema extends v.GenericSchema>(schema: Schema, input: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input);
  if (result.success) {
    return result.output;
  }
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? "the input"}: ${issue.message}`);
  throw new ControlError(400, faults.join("; "));
}
