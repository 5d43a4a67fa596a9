/** Reads the parameters of a header such as `form-data; name="file"; filename="a \"b\".csv"`. Pure. */

const TOKEN_END = /[;\s]/;

/**
 * The parameters behind a header's first `;`, names in lower case; the first of a name counts. Quoted values
 * may have anything in them. Null where a quote isn't closed.
 */
export function readParameters(header: string): Map<string, string> | null {
  // A value such as `C:\` ends in a backslash that some clients don't mean as an escape.
  return scan(header, true) ?? scan(header, false);
}

function scan(header: string, hasEscapes: boolean): Map<string, string> | null {
  const parameters = new Map<string, string>();
  let index = header.indexOf(";");
  while (index >= 0 && index < header.length) {
    const equals = header.indexOf("=", index + 1);
    if (equals < 0) break;
    // What has no `=` is no parameter: a file name without quotes that has a `;` in it.
    const name =
      header
        .slice(index + 1, equals)
        .split(";")
        .at(-1)
        ?.trim()
        .toLowerCase() ?? "";
    let start = equals + 1;
    while (header[start] === " " || header[start] === "\t") start++;
    const value = header[start] === '"' ? scanQuoted(header, start, hasEscapes) : scanToken(header, start);
    if (value === null) return null;
    if (!parameters.has(name)) parameters.set(name, value.text);
    index = header.indexOf(";", value.end);
  }
  return parameters;
}

function scanQuoted(
  header: string,
  start: number,
  hasEscapes: boolean,
): { text: string; end: number } | null {
  let text = "";
  for (let index = start + 1; index < header.length; index++) {
    const character = header[index] ?? "";
    if (character === '"') return { text, end: index + 1 };
    if (character === "\\" && hasEscapes && index + 1 < header.length) text += header[++index] ?? "";
    else text += character;
  }
  return null;
}

function scanToken(header: string, start: number): { text: string; end: number } {
  let end = start;
  while (end < header.length && !TOKEN_END.test(header[end] ?? "")) end++;
  return { text: header.slice(start, end), end };
}
