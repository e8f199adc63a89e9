// Bundles the script of the reporter's pages into dist/, which the intake embeds.
import { build } from "esbuild";
import { rmSync } from "node:fs";

const here = new URL(".", import.meta.url).pathname;
rmSync(`${here}dist`, { recursive: true, force: true });
await build({
  // The second part cleans files. The first one loads it: who chooses none does not wait for it.
  entryPoints: { reporter: `${here}src/pages/main.ts`, files: `${here}src/metadata/scrub.ts` },
  outdir: `${here}dist`,
  bundle: true,
  minify: true,
  format: "esm",
  // Phones of ten years ago with a browser of the last three.
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
});
