// Scrubbing in the browser: removed metadata, and malicious files.
import assert from "node:assert/strict";
import test from "node:test";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { concat, utf8 } from "../src/bytes.ts";
import { crc32 } from "../src/metadata/crc32.ts";
import { scrubBoxes } from "../src/metadata/isobmff.ts";
import { ByteRewriter, MalformedFileError } from "../src/metadata/stream.ts";
import { AuthorPseudonyms } from "../src/metadata/pseudonyms.ts";
import { asText, noFindings } from "../src/metadata/rules.ts";
import { scrubRiff } from "../src/metadata/riff.ts";
import { scrub } from "../src/metadata/scrub.ts";
import { neutralName } from "../src/metadata/scrub_report.ts";
import { rewriteXml } from "../src/metadata/xml.ts";

const CANARY = "CANARI";
const neverRedraw = async () => undefined;

const blobText = async (blob: Blob | undefined): Promise<string> => Buffer.from(await blob!.arrayBuffer()).toString("latin1");

function isoBox(kind: string, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(payload.length + 8);
  head.write(kind, 4, "latin1");
  return concat(head, payload);
}

const mp4 = concat(isoBox("ftyp", utf8("isom\0\0\0\0")), isoBox("moov", concat(isoBox("mvhd", new Uint8Array(100).fill(7)), isoBox("udta", isoBox("\xA9xyz", utf8(CANARY))))), isoBox("mdat", utf8("film")));

const pdf = utf8(
  `%PDF-1.4\n1 0 obj << /Title (${CANARY} (1) \\) ) /Author <43414E415249> /Producer 2 0 R >> endobj\n2 0 obj (${CANARY}) endobj\n` +
    `3 0 obj << /Title (stays) /Parent 1 0 R >> endobj <x:xmpmeta>${CANARY}</x:xmpmeta>`,
);

/** Returns a package with one part. */
function singleEntryZip(name: string, plain: string): Uint8Array {
  const data = deflateRawSync(plain);
  const numbers = (signature: string, rest: number) => {
    const head = Buffer.alloc(signature === "PK\x03\x04" ? 30 : 46);
    head.write(signature, "latin1");
    const at = rest;
    head.writeUInt16LE(8, at);
    head.writeUInt32LE(crc32(utf8(plain)), at + 6);
    head.writeUInt32LE(data.length, at + 10);
    head.writeUInt32LE(plain.length, at + 14);
    head.writeUInt16LE(name.length, at + 18);
    return head;
  };
  const [local, central] = [concat(numbers("PK\x03\x04", 8), utf8(name), data), concat(numbers("PK\x01\x02", 10), utf8(name))];
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return concat(local, central, end);
}

test("a PDF keeps its length and content, and loses its author", async () => {
  const { content, removed, extension } = await scrub(new Blob([pdf]), neverRedraw);
  const scrubbed = await blobText(content);
  assert.equal(scrubbed.length, pdf.length);
  assert.ok(scrubbed.includes("/Title (stays)") && !scrubbed.includes(CANARY) && !scrubbed.includes("43414E"));
  assert.ok(removed.has("author") && removed.has("words") && removed.has("device"));
  assert.equal(extension, "pdf");
});

test("a video keeps its length, and loses place and date", async () => {
  const { content, removed, mediaClass } = await scrub(new Blob([mp4 as BlobPart]), neverRedraw);
  const scrubbed = await blobText(content);
  assert.equal(scrubbed.length, mp4.length);
  assert.ok(scrubbed.endsWith("mdatfilm") && !scrubbed.includes(CANARY));
  assert.deepEqual([...removed].sort(), ["date", "place"]);
  assert.equal(mediaClass, "video");
});

test("names are removed from a document in any legal spelling, and invalid XML is reported", async () => {
  const rewrite = (xml: string) => {
    const [found, plain] = [noFindings(), utf8(xml)];
    return { written: asText(rewriteXml(plain, new AuthorPseudonyms(), found, "word/document.xml") ?? plain), ...found };
  };
  const text = "<w:t>texte</w:t></w:document>";
  const clean = `<w:document><w:ins w:author="A1" w:date="2000-01-01T00:00:00Z">${text}`;
  for (const ins of [
    `<w:ins w:author="${CANARY}" w:date="2026-03-12T10:15:00Z">`,
    `<w:ins w:author='${CANARY}' w:date = "2026-03-12T10:15:00Z" >`,
    `<w:ins\n w:author\t=\n"${CANARY}"\r\n w:date='2026-03-12T10:15:00Z'>`,
  ]) {
    const { written, removed, left } = rewrite(`<w:document>${ins}${text}`);
    assert.equal(written, clean);
    assert.deepEqual([[...removed], [...left]], [["history"], []]);
  }
  assert.equal(rewrite(`<w:document><w:p w:rsidR='00000000'>a > b &amp; c${text}`).written, `<w:document><w:p w:rsidR='00000000'>a > b &amp; c${text}`);
  for (const broken of [`<w:ins w:author="${CANARY}`, `<w:ins w:author=${CANARY}>`, `<!-- ${CANARY}`, `<![CDATA[${CANARY}`, "<a>".repeat(1001) + CANARY]) {
    const { written, left } = rewrite(`<w:document>${broken}`);
    assert.ok(written.includes(CANARY) && left.has("other"), broken);
  }
  const core = await scrub(new Blob([singleEntryZip("docProps/core.xml", `<dc:creator>${CANARY}</dc:creator>`) as BlobPart]), neverRedraw);
  assert.ok(core.removed.has("author") && core.extension === "docx" && core.reading === "whole");
});

test("a zip bomb is passed through and not decompressed", async () => {
  const bomb = singleEntryZip("word/document.xml", " ".repeat(128 << 20));
  const scrubbed = await scrub(new Blob([bomb as BlobPart]), neverRedraw);
  assert.ok(scrubbed.left.has("other") && scrubbed.content!.size < bomb.length + 1000);
});

test("a neutral name contains only the kind and the number of the file", async () => {
  const scrubbed = await scrub(new Blob([pdf]), neverRedraw);
  assert.equal(neutralName(scrubbed, 2, "facture Awa Traore.pdf"), "document-2.pdf");
  assert.equal(neutralName(await scrub(new Blob(["bonjour"]), neverRedraw), 1, "Awa.TXT"), "document-1.txt");
});

test("every chosen file is sent or causes a question", async () => {
  const heads = ["%PDF-1.4 ", "PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\x04\0\0\0\x04\0\0\0\x05\0\0\0word/", "\0\0\0\x10ftypisom\0\0\0\0", "ID3\x03\0\x10\0\0\0\x7F", ""];
  const tokens = ["/Author (", ")", "<<", ">>", "7 0 R", "<x:xmpmeta", "PK\x05\x06", "PK\x01\x02", "\0\0\0\x08moov", "mvhd", "TAG", "\xFF\xE1\0\x10Exif\0\0"];
  const piece = fc.oneof(fc.constantFrom(...tokens).map((token) => Buffer.from(token, "latin1")), fc.uint8Array({ maxLength: 40 }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...heads), fc.array(piece, { maxLength: 40 }), async (head, pieces) => {
      const file = concat(Buffer.from(head, "latin1"), ...pieces);
      const { mediaClass, content, reading } = await scrub(new Blob([file]), neverRedraw);
      assert.ok(content !== undefined || mediaClass === "image");
      if (reading !== "whole" && head.startsWith("PK")) assert.equal(content!.size, file.length);
    }),
    { numRuns: 300 },
  );
});

test("a text with hidden content is not reported as clean", async () => {
  const unclean = [
    "From: awa@example.org\r\nTo: b@example.org\r\n\r\nbonjour",
    "From awa@example.org Thu Mar 12\nbonjour",
    "\uFEFF <p>bonjour</p>",
    "bonjour <HTML><meta name=author content=Awa>",
    "BEGIN:VCARD\nFN:Awa",
    "%!PS-Adobe-3.0\n%%For: Awa",
  ];
  for (const text of unclean) assert.equal((await scrub(new Blob([text]), neverRedraw)).reading, "unknown", text);
  for (const text of ["bonjour", "Date: lundi\nle quai", "a < b", "le quai\n\nFrom: x\nTo: y"])
    assert.equal((await scrub(new Blob([text]), neverRedraw)).reading, "whole", text);
});

/** A blob whose bytes can be read in small parts only. Slices of it are blobs of the same kind. */
class UnreadableAsAWhole extends Blob {
  override slice(start?: number, end?: number): Blob {
    return new UnreadableAsAWhole([super.slice(start, end)]);
  }
  override arrayBuffer(): Promise<ArrayBuffer> {
    assert.ok(this.size < 1024 * 1024, `${this.size} bytes were read at once`);
    return super.arrayBuffer();
  }
}

/** Returns a box whose header states another length than it has. */
function boxOfLength(kind: string, stated: number, payload: Uint8Array): Uint8Array {
  const box = Buffer.from(isoBox(kind, payload));
  box.writeUInt32BE(stated);
  return box;
}

test("a long video is scrubbed as a short one is, without reading its media data", async () => {
  const start = isoBox("ftyp", utf8("isom\0\0\0\0"));
  const movie = isoBox("moov", concat(isoBox("mvhd", new Uint8Array(100).fill(7)), isoBox("udta", isoBox("\xA9xyz", utf8(CANARY)))));
  const data = new Uint8Array(9 * 1024 * 1024).fill(9);
  const large = Buffer.alloc(16);
  large.writeUInt32BE(1);
  large.write("mdat", 4, "latin1");
  large.writeBigUInt64BE(BigInt(data.length + 16), 8);
  const videos = {
    "movie first": concat(start, movie, isoBox("mdat", data)),
    "movie last": concat(start, isoBox("mdat", data), movie),
    "64-bit length": concat(start, large, data, movie),
    "no length at the end": concat(start, movie, boxOfLength("mdat", 0, data)),
    "truncated data": concat(start, movie, boxOfLength("mdat", data.length + 99, data)),
    "truncated movie": concat(start, isoBox("mdat", data), movie.subarray(0, 60)),
    "a few bytes after the end": concat(start, isoBox("mdat", data), movie, utf8("end")),
    "a box that is shorter than its header": concat(start, isoBox("mdat", data), boxOfLength("moov", 4, utf8(CANARY))),
  };
  for (const [what, video] of Object.entries(videos)) {
    const found = noFindings();
    const stream = new ByteRewriter(video as Uint8Array<ArrayBuffer>);
    let reading = "whole";
    try {
      scrubBoxes(stream, found, false);
    } catch (error) {
      assert.ok(error instanceof MalformedFileError);
      reading = "broken";
    }
    stream.copyRest();
    const expected = Buffer.from(stream.content());
    const report = await scrub(new UnreadableAsAWhole([video as Uint8Array<ArrayBuffer>]), neverRedraw);
    assert.equal(report.reading, reading, what);
    assert.deepEqual([...report.removed].sort(), [...found.removed].sort(), what);
    const content = Buffer.from(await new Response(report.content).arrayBuffer());
    assert.ok(content.equals(expected), what);
  }
});

function riffChunk(kind: string, payload: Uint8Array, stated = payload.length): Uint8Array {
  const head = Buffer.alloc(8);
  head.write(kind, "latin1");
  head.writeUInt32LE(stated, 4);
  return concat(head, payload, new Uint8Array(payload.length % 2));
}

function riff(form: string, chunks: Uint8Array[], stated?: number): Uint8Array {
  const content = concat(utf8(form), ...chunks);
  return riffChunk("RIFF", content, stated ?? content.length);
}

test("a long sound recording is scrubbed as a short one is, without reading its samples", async () => {
  const format = riffChunk("fmt ", new Uint8Array(16).fill(1));
  const info = riffChunk("LIST", concat(utf8("INFO"), riffChunk("IART", utf8(CANARY))));
  const odd = riffChunk("bext", utf8(`${CANARY}!`));
  const samples = riffChunk("data", new Uint8Array(9 * 1024 * 1024).fill(9));
  const headers = riffChunk("LIST", concat(utf8("hdrl"), riffChunk("avih", new Uint8Array(56)), riffChunk("IDIT", utf8(CANARY))));
  const film = riffChunk("LIST", concat(utf8("movi"), samples));
  const files = {
    "notes after the samples": riff("WAVE", [format, samples, info]),
    "notes before the samples": riff("WAVE", [format, odd, info, samples]),
    film: riff("AVI ", [headers, film, riffChunk("idx1", new Uint8Array(16))]),
    "bytes after the end": concat(riff("WAVE", [format, samples, info]), utf8("more")),
    "an end that is not in the file": riff("WAVE", [format, samples, info], 20 * 1024 * 1024),
    "a chunk that is longer than the file": riff("WAVE", [format, samples, riffChunk("LIST", utf8(CANARY), 99)]),
    "a chunk that is longer than the stated end": riff("WAVE", [format, samples, info], samples.length),
    "three bytes at the end": riff("WAVE", [format, samples, utf8("abc")]),
  };
  for (const [what, file] of Object.entries(files)) {
    const found = noFindings();
    const stream = new ByteRewriter(file as Uint8Array<ArrayBuffer>);
    let reading = "whole";
    try {
      scrubRiff(stream, found);
    } catch (error) {
      assert.ok(error instanceof MalformedFileError);
      reading = "broken";
    }
    stream.copyRest();
    const report = await scrub(new UnreadableAsAWhole([file as Uint8Array<ArrayBuffer>]), neverRedraw);
    assert.equal(report.reading, reading, what);
    assert.deepEqual([...report.removed].sort(), [...found.removed].sort(), what);
    const content = Buffer.from(await new Response(report.content).arrayBuffer());
    assert.ok(content.equals(Buffer.from(stream.content())), what);
  }
});

test("a file that is too long for the memory is not read as a whole, and the reporter learns it", async () => {
  class Long extends UnreadableAsAWhole {
    override get size(): number {
      return super.size > 1024 ? 200 * 1024 * 1024 : super.size;
    }
  }
  const { reading, content, removed } = await scrub(new Long([concat(pdf, new Uint8Array(1024))]), neverRedraw);
  assert.deepEqual([reading, removed.size], ["unknown", 0]);
  assert.ok(content !== undefined);
});
