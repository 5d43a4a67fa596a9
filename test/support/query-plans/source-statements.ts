/** A statement as it stands in the source. */
export interface SourceStatement {
  file: string;
  text: string;
  /** Parts that only the program knows: such a statement is seen when it is executed. */
  holes: string[];
}

interface Literal {
  /** Texts and holes in turn, beginning and ending with a text. */
  texts: string[];
  holes: string[];
}

/** All SQL statements of these files, by their constants: `${COLUMNS}` is filled in. */
export function listStatements(files: Readonly<Record<string, string>>): SourceStatement[] {
  const everywhere = Object.values(files).flatMap(listConstants);
  return Object.entries(files).flatMap(([file, source]) => {
    const own = listConstants(source);
    // A file's own constants go before another's of the same name.
    const constants = new Map([...everywhere, ...own]);
    const found = listLiterals(source);
    // What is put into other statements is none by itself.
    const used = new Set(found.flatMap(({ holes }) => holes));
    const fragments = own.filter(([name]) => used.has(name)).map(([, literal]) => literal.texts[0] ?? "");
    return found
      .filter(({ texts: [first = ""] }) => first === "" || !fragments.includes(first))
      .map((literal) => ({ file: file.replace(/^.*\/src\//, "src/"), ...fill(literal, constants) }))
      .filter(({ text }) => /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s/.test(text));
  });
}

/** Values for a statement's parameters, all null. */
export function nullsFor(statement: string): null[] {
  let last = 0;
  for (const [, number] of statement.replace(/'[^']*'/g, "").matchAll(/\?(\d*)/g)) {
    // A plain one is the next after the greatest so far.
    last = number ? Math.max(last, Number(number)) : last + 1;
  }
  return Array.from({ length: last }, () => null);
}

function fill(literal: Literal, constants: ReadonlyMap<string, Literal>): { text: string; holes: string[] } {
  const open: string[] = [];
  const text = literal.texts.reduce((before, part, index) => {
    const hole = literal.holes[index - 1] ?? "";
    const constant = constants.get(hole);
    if (constant === undefined) {
      open.push(hole);
      return `${before}…${part}`;
    }
    const filled = fill(constant, constants);
    open.push(...filled.holes);
    return before + filled.text + part;
  });
  return { text, holes: open };
}

function listConstants(source: string): [name: string, literal: Literal][] {
  return [...source.matchAll(/const ([A-Z][A-Z0-9_]*) =\s*(?:(?=["`])|([\d_]+);)/g)].flatMap(
    ([all, name = "", number]): [string, Literal][] => {
      if (number !== undefined) return [[name, { texts: [number.replaceAll("_", "")], holes: [] }]];
      const start = source.indexOf(all) + all.length;
      const [literal] = listLiterals(source.slice(start));
      return literal === undefined ? [] : [[name, literal]];
    },
  );
}

/** String and template literals, those in holes of others too. */
function listLiterals(source: string): Literal[] {
  const found: Literal[] = [];
  let at = 0;
  const skipTo = (end: string): void => {
    const next = source.indexOf(end, at);
    at = next < 0 ? source.length : next + end.length;
  };
  const readText = (ends: (text: string) => boolean): string => {
    const start = at;
    while (at < source.length && !ends(source.slice(at, at + 2))) at += source[at] === "\\" ? 2 : 1;
    return source.slice(start, at);
  };
  const readTemplate = (): void => {
    const literal: Literal = { texts: [], holes: [] };
    found.push(literal);
    for (;;) {
      literal.texts.push(readText((text) => text[0] === "`" || text === "${"));
      if (source[at] !== "$") break;
      at += 2;
      const start = at;
      readCode("}");
      literal.holes.push(source.slice(start, at - 1).trim());
    }
    at += 1;
  };
  const readCode = (end: string): void => {
    let depth = 0;
    while (at < source.length) {
      const two = source.slice(at, at + 2);
      const [one = ""] = two;
      at += 1;
      if (two === "//") skipTo("\n");
      else if (two === "/*") skipTo("*/");
      else if (one === "/" && /[(,=:[!&|?{};]\s*$/.test(source.slice(Math.max(0, at - 20), at - 1))) {
        readText((text) => text[0] === "/" || text[0] === "\n");
        at += 1;
      } else if (one === '"') {
        found.push({ texts: [readText((text) => text[0] === '"')], holes: [] });
        at += 1;
      } else if (one === "`") readTemplate();
      else if (one === end && depth === 0) return;
      else if (one === "{") depth += 1;
      else if (one === "}") depth -= 1;
    }
  };
  readCode("");
  return found;
}
