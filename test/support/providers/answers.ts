/** What goes back over the wire. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=UTF-8", ...headers },
    body: JSON.stringify(body),
  };
}

/** What the load balancers before the real providers send for a status that isn't the provider's own. */
export function htmlAnswer(status: number): Answer {
  return {
    status,
    headers: { "content-type": "text/html; charset=UTF-8" },
    body: `<!DOCTYPE html><html lang=en><title>Error ${status}</title><p>That’s an error.</html>\n`,
  };
}
