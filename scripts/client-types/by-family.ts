/** The types of the typed client, cut into files that a reader can hold: one for each family of calls. */

export interface TypesFile {
  /** Without its ending: `targets-files`. */
  name: string;
  text: string;
}

interface Declaration {
  name: string;
  text: string;
  /** The other declarations that it names. */
  uses: string[];
}

/** What several families name. */
const SHARED = "shared";
const PRINT_WIDTH = 110;
/** With its head a file stays under the 300 of `scripts/checks/lengths.ts`. */
const MAX_LINES = 280;

/**
 * @param written the types as one file
 * @param roots by a file's name: the declaration that its family is made of
 */
export function splitByFamily(written: string, roots: ReadonlyMap<string, string>): TypesFile[] {
  const declarations = readDeclarations(written);
  const placeOf = placeDeclarations(declarations, roots);
  for (const [family, root] of roots) moveForms(declarations, placeOf, family, root);
  return [...new Set(placeOf.values())].map((name) => {
    const own = [...declarations.values()].filter((declaration) => placeOf.get(declaration.name) === name);
    const imported = new Map<string, Set<string>>();
    for (const used of own.flatMap(({ uses }) => uses)) {
      const place = placeOf.get(used);
      if (place === undefined || place === name) continue;
      imported.set(place, (imported.get(place) ?? new Set()).add(used));
    }
    const imports = [...imported].map(([place, names]) => writeImport([...names].sort(), `./${place}.ts`));
    return { name, text: [...imports, ...own.map(({ text }) => text)].join("\n") };
  });
}

/** On a line, or where it would be too wide a name on each. */
export function writeImport(names: readonly string[], from: string): string {
  const line = `import type { ${names.join(", ")} } from "${from}";\n`;
  if (line.length <= PRINT_WIDTH) return line;
  return `import type {\n${names.map((name) => `  ${name},\n`).join("")}} from "${from}";\n`;
}

/** By name; a comment before one is its own. */
function readDeclarations(written: string): Map<string, Declaration> {
  const heads = [
    ...written.matchAll(/^(?:\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?export (?:type|interface) (\w+)/gm),
  ];
  const texts = new Map(
    heads.map((head, index) => [head[1] ?? "", written.slice(head.index, heads[index + 1]?.index).trimEnd()]),
  );
  return new Map(
    [...texts].map(([name, text]) => {
      const code = text.replace(/"(?:[^"\\]|\\.)*"|\/\*.*?\*\//gs, "");
      const named = new Set(code.match(/\b[A-Z]\w*/g));
      named.delete(name);
      return [name, { name, text: `${text}\n`, uses: [...named].filter((other) => texts.has(other)) }];
    }),
  );
}

/** The file of each declaration that a family needs: the family's own, where no other needs it. */
function placeDeclarations(
  declarations: ReadonlyMap<string, Declaration>,
  roots: ReadonlyMap<string, string>,
): Map<string, string> {
  const placeOf = new Map<string, string>();
  for (const [family, root] of roots) {
    const needed = new Set([root]);
    // Grows while it is gone through: what is needed needs further ones.
    for (const name of needed) {
      placeOf.set(name, placeOf.has(name) ? SHARED : family);
      for (const used of declarations.get(name)?.uses ?? []) needed.add(used);
    }
  }
  return placeOf;
}

/** Of a family that is too long for one file, what its calls name goes into another. */
function moveForms(
  declarations: ReadonlyMap<string, Declaration>,
  placeOf: Map<string, string>,
  family: string,
  root: string,
): void {
  const own = [...declarations.values()].filter(({ name }) => placeOf.get(name) === family);
  const lines = own.reduce((sum, { text }) => sum + text.split("\n").length, 0);
  if (lines <= MAX_LINES) return;
  for (const { name } of own) if (name !== root) placeOf.set(name, `${family}-forms`);
}
