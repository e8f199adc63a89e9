// Bundles the program of the pages: the script that the pages load, and the modules that it loads
// afterwards. A module contains no source file that the script contains. It imports the script by
// the address under which the page has loaded it, so that each source file is executed once, and no
// module brings code that was not checked.
import { createHash } from "node:crypto";
import { isAbsolute, relative } from "node:path";
import { build } from "esbuild";

const here = new URL(".", import.meta.url).pathname;

/** The script of the pages. */
const SCRIPT = { name: "reporter", entry: "src/pages/main.ts" };
/** The modules that `src/pages/modules.ts` loads. */
const MODULES = [
  { name: "form", entry: "src/pages/report_pages.ts" },
  { name: "seal", entry: "src/pages/sealing.ts" },
  { name: "return", entry: "src/pages/return_pages.ts" },
  { name: "qr", entry: "src/pages/qr.ts" },
  { name: "files", entry: "src/metadata/scrub.ts" },
  { name: "voice", entry: "src/voice/recorder.ts" },
  { name: "draft", entry: "src/pages/draft_panel.ts" },
  { name: "listen", entry: "src/pages/spoken_help.ts" },
];
const SHARED = "shared:";
/** An import as esbuild writes it. */
const SHARED_IMPORT = /import\s*\{([^{}]*)\}\s*from\s*"shared:([^"]*)";?/g;

/** Leaves the imports of these source files to the script. */
const sharing = (sources) => ({
  name: "shared source files",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[./@a-z]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (kind === "entry-point" || pluginData === SHARED) return undefined;
      const found = await resolve(path, { importer, resolveDir, kind, pluginData: SHARED });
      const source = isAbsolute(found.path) ? relative(here, found.path) : "";
      return sources.has(source) ? { path: SHARED + source, external: true, sideEffects: false } : undefined;
    });
  },
});

/** Bundles one entry. Returns its text, its source files, and what it imports from shared ones. */
async function bundle(options, input, shared) {
  const plugins = shared ? [...options.plugins, sharing(shared)] : options.plugins;
  const { outputFiles, metafile } = await build({ ...options, ...input, plugins, bundle: true, write: false, metafile: true, absWorkingDir: here, outdir: "dist" });
  const [output] = Object.values(metafile.outputs);
  const included = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const { text } = outputFiles[0];
  const imported = importsIn(text).map(({ source, name }) => `${source} ${name}`);
  // Another form of import, such as that of a whole source file.
  if (text.replaceAll(SHARED_IMPORT, "").includes(`"${SHARED}`)) throw new Error(`${input.entryPoints} imports a shared source file without names`);
  return { text, sources: new Set(included.map(([path]) => path)), imported };
}

/** Returns the imports from shared source files: the file, the name in it, and the local name. */
const importsIn = (text) =>
  Array.from(text.matchAll(SHARED_IMPORT), ([, names, source]) =>
    names.split(",").map((each) => {
      const [name, local = name] = each.trim().split(" as ");
      return { source, name, local };
    }),
  ).flat();

/** The script with additional exports, each given as `source name`. */
const scriptWith = (exported) => {
  const lines = exported.map((each, number) => {
    const [source, name] = each.split(" ");
    return `export { ${name} as ${exportName(number)} } from ${JSON.stringify(`./${source}`)};`;
  });
  return { stdin: { contents: [`import "./${SCRIPT.entry}";`, ...lines].join("\n"), resolveDir: here, sourcefile: "reporter.js" } };
};

const exportName = (number) => `_${number.toString(36)}`;

/** Bundles the script and all modules. Returns the text of each by its name. */
export async function buildProgram(options) {
  let exported = [];
  for (;;) {
    const script = await bundle(options, scriptWith(exported));
    const modules = [];
    for (const { entry } of MODULES) modules.push(await bundle(options, { entryPoints: [entry] }, script.sources));
    const wanted = [...new Set(modules.flatMap(({ imported }) => imported))].sort();
    if (wanted.join() === exported.join()) {
      const linked = MODULES.map(({ name }, number) => [name, link(modules[number].text, exported, addressOf(SCRIPT.name, script.text))]);
      return Object.fromEntries([[SCRIPT.name, script.text], ...linked]);
    }
    // What the modules need can bring further source files into the script.
    exported = wanted;
  }
}

/** Replaces the imports from shared source files by one import of the script. */
function link(text, exported, script) {
  const names = importsIn(text).map(({ source, name, local }) => `${exportName(exported.indexOf(`${source} ${name}`))} as ${local}`);
  const rest = text.replaceAll(SHARED_IMPORT, "");
  return names.length === 0 ? rest : `import{${names.join(",")}}from${JSON.stringify(script)};${rest}`;
}

/** The address of a script. The intake computes the same (`crates/intake/src/pages/assets.rs`). */
const addressOf = (name, text) => `/assets/${name}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}.js`;
