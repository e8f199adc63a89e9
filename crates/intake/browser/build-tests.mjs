// Bundles the tests for Node, each by itself, and the program with which the Rust tests talk.
import { build } from "esbuild";
import { readdirSync, rmSync } from "node:fs";

const here = new URL(".", import.meta.url).pathname;
const bundle = (names, outdir) => {
  rmSync(`${here}${outdir}`, { recursive: true, force: true });
  return build({
    entryPoints: names.map((name) => `${here}tests/${name}`),
    outdir: `${here}${outdir}`,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
  });
};
await bundle(readdirSync(`${here}tests`).filter((name) => name.endsWith(".ts")), "dist-tests");
await bundle(["peer/peer.ts", "peer/answers.ts", "peer/files.ts"], "dist-peer");
