import { expect, it } from "vitest";

const SOURCES = import.meta.glob<string>("../src/**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});
const DOCS = import.meta.glob<string>("../docs/architecture.md", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** The rows that docs/architecture.md draws, the lowest first: each a list of files or folders. */
const LAYERS: string[][] = (/```layers\n(.*?)```/s.exec(DOCS["../docs/architecture.md"] ?? "")?.[1] ?? "")
  .trim()
  .split("\n")
  .reverse()
  .map((line) => line.split(/ {2,}/)[0]?.split(" ") ?? []);

const OBJECT_PLACE = /^src\/objects\/[^/]+\//;

/** The layer of a file: that of the longest place which it is in. */
function layerOf(file: string): number {
  const candidates = LAYERS.flatMap((places, layer) =>
    places.filter((place) => isIn(file, place)).map((place) => ({ layer, length: place.length })),
  );
  const best = candidates.sort((one, other) => other.length - one.length)[0];
  if (best === undefined) throw new Error(`docs/architecture.md draws no layer for ${file}`);
  return best.layer;
}

function isIn(file: string, place: string): boolean {
  if (!place.includes("*")) return place.endsWith("/") ? file.startsWith(place) : file === place;
  const object = OBJECT_PLACE.exec(file)?.[0];
  return object !== undefined && isIn(file, place.replace("src/objects/*/", object));
}

/** What a file imports from this project, types included. */
function listImports(file: string, text: string): string[] {
  const specifiers = [...text.matchAll(/(?:^|\W)(?:from|import) ?\(?"(\.[^"]+)"/g)].map((match) => match[1]);
  return specifiers.map((specifier) => new URL(specifier ?? "", `file:///${file}`).pathname.slice(1));
}

const IMPORTS = Object.entries(SOURCES)
  .map(([path, text]) => ({ file: path.slice("../".length), text }))
  .filter(({ file }) => !file.endsWith(".d.ts"))
  .flatMap(({ file, text }) => listImports(file, text).map((imported) => ({ file, imported })));

it("the sources are read", () => {
  expect(IMPORTS.length).toBeGreaterThan(1000);
});

it("no import points upwards in the layers that docs/architecture.md draws", () => {
  const upwards = IMPORTS.filter(({ file, imported }) => layerOf(imported) > layerOf(file));
  expect(upwards).toEqual([]);
});

it("what runs in a browser or at the user's server imports nothing of the Worker", () => {
  const isOutside = (path: string): boolean => /^src\/(client|inbox|dashboard)\//.test(path);
  expect(IMPORTS.filter(({ file, imported }) => isOutside(file) !== isOutside(imported))).toEqual([]);
});

it("an object's insides are imported by the object and src/index.ts alone", () => {
  const folderOf = (path: string): string | undefined => OBJECT_PLACE.exec(path)?.[0];
  const intruders = IMPORTS.filter(({ file, imported }) => {
    const folder = folderOf(imported);
    if (folder === undefined || folder === "src/objects/kit/" || imported.endsWith("/contract.ts"))
      return false;
    return folder !== folderOf(file) && file !== "src/index.ts";
  });
  expect(intruders).toEqual([]);
});
