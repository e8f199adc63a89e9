// A submission: an envelope in its outer seal, on a rung of the size ladder.
import { sha256 } from "@noble/hashes/sha2.js";
import { type Recipient, seal, sealStream, sealedLen } from "./age.ts";
import { type Bytes, encode } from "./bytes.ts";
import { type Attachment, MAX_ATTACHMENTS } from "./frame.ts";
import type { HashText } from "./hash.ts";
import { TOP, plaintextLenFor, rungFor } from "./ladder.ts";
import type { Treatment } from "./treatment.ts";
import { RecordType, head, maxLen, recordHead } from "./wire.ts";

const ATTACHMENT_CHUNK = maxLen(RecordType.attachmentChunk);
/** So many bytes are handed to the browser at once, which keeps larger ones where it has room. */
const PIECE = 1024 * 1024;

export type SubmissionKind = "report" | "follow-up";
export type Urgency = "P1" | "P2" | "P3" | "P4";

/** All that the handler learns of a submission besides sizes. */
export interface EnvelopeHeader {
  v: 1;
  kind: SubmissionKind;
  desk: string;
  lang: string;
  urgency: Urgency;
  mailbox: HashText;
  case: { id: string; generation: number };
  directory: HashText;
  ask_oversight: boolean;
}

/** A file as chosen; it is read as it is sealed. */
export interface Source {
  name: string;
  mediaType: string;
  /** What was done with it; undefined where nothing is known. */
  treatment?: Treatment | undefined;
  stream(): ReadableStream<Uint8Array>;
}

/** More than the top of the ladder, or more files than a message may have. */
export class TooLarge extends Error {
  constructor() {
    super("a submission holds at most 64 MiB with everything in it");
  }
}

/** Gives the records of an envelope in their order, and seals them as they come. */
export type Writing = (envelope: EnvelopeWriter) => AsyncGenerator<Uint8Array, void>;

/** Seals an envelope to exactly one rung. The result can be sent any number of times. */
export async function sealSubmission(to: Recipient, header: EnvelopeHeader, writing: Writing): Promise<Blob> {
  let begin: (headerLen: number) => void = () => undefined;
  const begun = new Promise<number>((resolve) => (begin = resolve));
  const envelope = new EnvelopeWriter(begun);
  const { stream, headerLen } = await sealStream(to, streamOf(envelope.write(header, writing)));
  begin(headerLen);
  return collect(stream);
}

/** Knows how far the envelope is, and what its records look like. */
export class EnvelopeWriter {
  private outerHeader = 0;
  private written = 0;

  /** `begun` gives the length of the outer seal's header. */
  constructor(private readonly begun: Promise<number>) {}

  async *write(header: EnvelopeHeader, writing: Writing): AsyncGenerator<Uint8Array, void> {
    this.outerHeader = await this.begun;
    yield this.count(head("BKE1", header));
    yield* writing(this);
    yield* this.record(RecordType.end, new Uint8Array(0));
    const rung = rungFor(sealedLen(this.outerHeader, this.written));
    if (rung === undefined) throw new TooLarge();
    let missing = plaintextLenFor(rung, this.outerHeader)! - this.written;
    const zeros = new Uint8Array(ATTACHMENT_CHUNK);
    for (; missing > 0; missing -= zeros.length) yield zeros.subarray(0, Math.min(missing, zeros.length));
  }

  *record(type: RecordType, bytes: Uint8Array): Generator<Uint8Array, void> {
    if (bytes.length > maxLen(type)) throw new TooLarge();
    const recordHeader = recordHead(type, bytes.length);
    // Stop as soon as it is certain, not after the last byte of a file that was too large all along.
    if (sealedLen(this.outerHeader, this.written + recordHeader.length + bytes.length) > TOP) throw new TooLarge();
    yield this.count(recordHeader);
    if (bytes.length > 0) yield this.count(bytes);
  }

  /** Seals a file to `C` as it is read, and notes it in the manifest. */
  async *attachment(to: Recipient, file: Source, manifest: Attachment[]): AsyncGenerator<Uint8Array, void> {
    if (manifest.length === MAX_ATTACHMENTS) throw new TooLarge();
    const hasher = sha256.create();
    let len = 0;
    const counted = file.stream().pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          hasher.update(chunk);
          len += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
    const { stream } = await sealStream(to, counted);
    for await (const chunk of inChunks(stream, ATTACHMENT_CHUNK)) yield* this.record(RecordType.attachmentChunk, chunk);
    yield* this.record(RecordType.attachmentEnd, new Uint8Array(0));
    const { name, mediaType: media_type, treatment } = file;
    manifest.push({ name, media_type, len, sha256: encode(hasher.digest()), treatment });
  }

  /** The body, and the tag by which a second sending is known: nothing may follow. */
  async *body(to: Recipient, frame: Uint8Array, sendingTag: Uint8Array): AsyncGenerator<Uint8Array, void> {
    yield* this.record(RecordType.body, await seal(to, frame));
    yield* this.record(RecordType.sendingTag, sendingTag);
  }

  private count(bytes: Uint8Array): Uint8Array {
    this.written += bytes.length;
    return bytes;
  }
}

async function* inChunks(stream: ReadableStream<Uint8Array>, size: number): AsyncGenerator<Bytes, void> {
  let buffer = new Uint8Array(size);
  let used = 0;
  for await (let bytes of pieces(stream)) {
    while (bytes.length > 0) {
      const taken = Math.min(size - used, bytes.length);
      buffer.set(bytes.subarray(0, taken), used);
      used += taken;
      bytes = bytes.subarray(taken);
      if (used === size) {
        yield buffer;
        buffer = new Uint8Array(size);
        used = 0;
      }
    }
  }
  if (used > 0) yield buffer.subarray(0, used);
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Blob> {
  const blobs: Blob[] = [];
  for await (const piece of inChunks(stream, PIECE)) blobs.push(new Blob([piece]));
  return new Blob(blobs, { type: "application/octet-stream" });
}

/** Not every browser makes streams of generators, or lets a stream be iterated. */
function streamOf(source: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await source.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await source.return();
      },
    },
    { highWaterMark: 0 },
  );
}


async function* pieces(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
