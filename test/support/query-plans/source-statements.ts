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
  const sources = Object.entries(files)
    .map(([path, text]): [string, string] => [path.replace(/^.*\/src\//, "src/"), text])
    // A schema's steps run once.
    .filter(([file]) => !/\/schema\.ts$/.test(file))
    .map(([file, text]): [string, string] => [file, text.replace(/const \w*SCHEMA =[\s\S]*?;\n(?=\n)/g, "")])
    .map(([file, text]) => ({ file, literals: listLiterals(text), constants: listConstants(text) }));
  const everywhere = sources.flatMap(({ constants }) => constants);
  const usedAnywhere = listHoles(sources.flatMap(({ literals }) => literals));
  return sources.flatMap(({ file, literals, constants }) => {
    // A file's own constants go before another's of the same name.
    const known = new Map([...everywhere, ...constants].map(({ name, literal }) => [name, literal]));
    // What is put into other statements is none by itself.
    const usedHere = listHoles(literals);
    const fragments = constants
      .filter(({ name, isExported }) => (isExported ? usedAnywhere : usedHere).has(name))
      .map(({ literal }) => literal.texts[0] ?? "");
    return literals
      .filter(({ texts: [first = ""] }) => first === "" || !fragments.includes(first))
      .map((literal) => ({ file, ...fill(literal, known) }))
      .filter(({ text }) => /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s/.test(text));
  });
}

function listHoles(literals: readonly Literal[]): Set<string> {
  return new Set(literals.flatMap(({ holes }) => holes));
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

interface Constant {
  name: string;
  isExported: boolean;
  literal: Literal;
}

function listConstants(source: string): Constant[] {
  const declarations = source.matchAll(/(export )?const ([A-Z][A-Z0-9_]*) =\s*(?:(?=["`])|([\d_]+);)/g);
  return [...declarations].flatMap(({ index, 0: all, 1: exported, 2: name = "", 3: number }): Constant[] => {
    const literal =
      number === undefined
        ? listLiterals(source.slice(index + all.length))[0]
        : { texts: [number.replaceAll("_", "")], holes: [] };
    return literal === undefined ? [] : [{ name, isExported: exported !== undefined, literal }];
  });
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
