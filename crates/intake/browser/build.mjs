// Bundles the scripts of the reporter's pages into dist/, which the intake embeds.
import { build } from "esbuild";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { buildProgram } from "./modules.mjs";

const here = new URL(".", import.meta.url).pathname;

// Parts of libraries that the script never reaches and that esbuild cannot recognise as unused.
// They bring two curves and a password hash, an eighth of the script. Sealing uses hybrid
// recipients only. A recipient or an identity of another kind fails, because its class is
// undefined.
const unreachable = {
  "age-encryption/dist/index.js": [
    ['import { ScryptIdentity, ScryptRecipient } from "./recipients.js";', "const ScryptIdentity = undefined, ScryptRecipient = undefined;"],
    ['import { TagRecipient, HybridTagRecipient } from "./recipients.js";', "const TagRecipient = undefined, HybridTagRecipient = undefined;"],
  ],
  "@noble/post-quantum/hybrid.js": [
    [" = QSF(", " = /* @__PURE__ */ QSF("],
    [" ecdhKem(p", " /* @__PURE__ */ ecdhKem(p"],
  ],
};

const withoutUnreachableCode = {
  name: "without unreachable code",
  setup({ onLoad }) {
    onLoad({ filter: /node_modules\/(age-encryption|@noble\/post-quantum)\// }, ({ path }) => {
      const name = Object.keys(unreachable).find((name) => path.endsWith(`node_modules/${name}`));
      if (name === undefined) return undefined;
      let contents = readFileSync(path, "utf8");
      for (const [from, to] of unreachable[name]) {
        // Another version of the library: the list above must be compared with it.
        if (!contents.includes(from)) throw new Error(`${name} does not contain ${from}`);
        contents = contents.replaceAll(from, to);
      }
      return { contents };
    });
  },
};
// Phones of ten years ago with a browser of the last three.
const target = ["es2022", "chrome111", "firefox115", "safari16.4"];
rmSync(`${here}dist`, { recursive: true, force: true });
mkdirSync(`${here}dist`);
const scripts = await buildProgram({
  minify: true,
  format: "esm",
  target,
  legalComments: "none",
  plugins: [withoutUnreachableCode],
  logLevel: "warning",
});
for (const [name, text] of Object.entries(scripts)) writeFileSync(`${here}dist/${name}.js`, text);
await build({
  // The script of the home page loads what the form needs.
  entryPoints: { prefetch: `${here}src/pages/prefetch.ts` },
  outdir: `${here}dist`,
  bundle: true,
  minify: true,
  format: "esm",
  target,
  legalComments: "none",
  logLevel: "warning",
});
// The quick exit is a classic script in the head, so that it runs before the page is shown.
await build({
  entryPoints: { leave: `${here}src/pages/leave.ts` },
  outdir: `${here}dist`,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2020", "chrome87", "firefox78", "safari15"],
  legalComments: "none",
  logLevel: "warning",
});
