// Packages in browsers without the compression API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../src/bytes.ts";
import { type ZipEntry, pack, readPackage, unpack, writePackage } from "../src/metadata/zip.ts";

test("a part is stored where the browser cannot compress, so that the file can be sent", async () => {
  const compression = globalThis.CompressionStream;
  // Chrome before 103 and Safari before 16.4 do not know the format.
  globalThis.CompressionStream = class {
    constructor() {
      throw new TypeError("Unsupported compression format: 'deflate-raw'");
    }
  } as unknown as typeof CompressionStream;
  try {
    const empty = new Uint8Array(0);
    const part: ZipEntry = { name: utf8("a.xml"), flags: 0, method: 0, crc: 0, plain: 0, data: empty, at: 0 };
    const packed = await pack(part, utf8("<a/>"));
    const written = new Uint8Array(await writePackage([packed]).arrayBuffer());
    assert.deepEqual(await unpack(readPackage(written).parts[0]!), utf8("<a/>"));
  } finally {
    globalThis.CompressionStream = compression;
  }
});
