import * as v from "valibot";

export const UNKNOWN_ADDRESS = "https://<address of the Worker>";

const DeployReportSchema = v.object({ type: v.literal("deploy"), targets: v.array(v.string()) });

/**
 * The Worker's public address, from the report that wrangler writes to `WRANGLER_OUTPUT_FILE_PATH`: one
 * JSON object per line. A route such as `notify.example.com/* (zone …)` becomes its origin.
 */
export function readAddress(report: string): string {
  for (const line of report.split("\n").filter(Boolean)) {
    const entry = v.safeParse(DeployReportSchema, JSON.parse(line));
    const targets = entry.success ? entry.output.targets : [];
    const target = targets
      .map((text) => /^(https:\/\/)?([\w-]+(\.[\w-]+)+)(?=[/\s]|$)/.exec(text)?.[2])
      .find(Boolean);
    if (target) {
      return `https://${target}`;
    }
  }
  return UNKNOWN_ADDRESS;
}

/** The first call of a new owner, to paste into a shell. */
export function firstCall(address: string): string {
  return `Create your first app:

  export ADMIN_TOKEN='<admin token>'
  curl -X POST ${address}/admin/apps \\
    -H "Authorization: Bearer $ADMIN_TOKEN" \\
    -H "Content-Type: application/json" \\
    -d '{"name": "My app"}'
`;
}
