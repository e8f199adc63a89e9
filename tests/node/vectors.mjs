// Prints the vectors of the npm package cctv-age as one JSON object of name → hex, with
// decompressed files. crates/age-hybrid/tests/vectors.rs starts it.
import * as vectors from "cctv-age";
import { inflateSync } from "node:zlib";

const readable = {};
for (const [name, bytes] of Object.entries(vectors)) {
  const vector = Buffer.from(bytes);
  const end = vector.indexOf("\n\n") + 2;
  const fields = vector.subarray(0, end);
  const file = vector.subarray(end);
  const whole = fields.includes("compressed: zlib") ? Buffer.concat([fields, inflateSync(file)]) : vector;
  readable[name] = whole.toString("hex");
}
process.stdout.write(JSON.stringify(readable));
