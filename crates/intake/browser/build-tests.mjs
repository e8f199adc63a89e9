// Bundles the tests for Node, each by itself.
import { build } from "esbuild";
import { readdirSync, rmSync } from "node:fs";

const here = new URL(".", import.meta.url).pathname;
rmSync(`${here}dist-tests`, { recursive: true, force: true });
const tests = readdirSync(`${here}tests`).filter((name) => name.endsWith(".ts"));
await build({
  entryPoints: tests.map((name) => `${here}tests/${name}`),
  outdir: `${here}dist-tests`,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "warning",
});
