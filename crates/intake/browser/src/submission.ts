// A submission: an envelope in its transport layer, padded to a size class.
import { sha256 } from "@noble/hashes/sha2.js";
import { seal, sealStream, sealedLen } from "./age.ts";
import { type Bytes, encode, u32, utf8 } from "./bytes.ts";
import { type AttachmentEntry, MAX_ATTACHMENTS, type Priority, type Routing } from "./frame.ts";
import { type HashText, hash, hashText } from "./hash.ts";
import type { AgeRecipient } from "./recipients.ts";
import { TEXT_STEP, padText, paddedFileLen } from "./padding.ts";
import { MAX_SIZE, plaintextLenFor, sizeClassFor } from "./size_classes.ts";
import type { FileTreatment } from "./treatment.ts";
import { RecordType, encodeHeader, maxRecordLen, encodeRecordHeader } from "./framing.ts";

const ATTACHMENT_CHUNK = maxRecordLen(RecordType.attachmentChunk);
/**
 * Bytes that are handed to the browser as one blob. The browser may move large blobs from memory to
 * disk.
 */
const WRITE_CHUNK = 1024 * 1024;

export type SubmissionKind = "report" | "follow-up";

/** Everything that the handler learns about a submission except its size. */
export interface EnvelopeHeader {
  v: 1;
  kind: SubmissionKind;
  desk: string;
  lang: string;
  priority: Priority;
  mailbox: HashText;
  case: { id: string; generation: number };
  directory: HashText;
  release_to_oversight: boolean;
  /** The sequence number of the frame. The capsule with the largest one is the newest. */
  seq: number;
}

/** Returns the routing of an envelope, for the frame that the reporter signs. */
export const routingOf = ({ desk, priority, release_to_oversight, directory }: EnvelopeHeader): Routing => ({
  desk,
  priority,
  release_to_oversight,
  directory,
});

/** A chosen file. It is read while it is sealed. */
export interface AttachmentSource {
  name: string;
  mediaType: string;
  /** The treatment of the file, or undefined if it is not known. */
  treatment?: FileTreatment | undefined;
  stream(): ReadableStream<Uint8Array>;
}

/** The submission exceeds the largest size class, or has more files than a message may have. */
export class SubmissionTooLargeError extends Error {
  constructor() {
    super("submission exceeds 256 MiB");
  }
}

/** Yields the records of an envelope in order. They are sealed as they are produced. */
export type RecordWriter = (envelope: EnvelopeWriter) => AsyncGenerator<Uint8Array, void>;

/**
 * Seals an envelope to the exact length of a size class. The result can be sent any number of
 * times. Throws once `signal` is aborted, and then reads no file any more.
 */
export async function sealSubmission(to: AgeRecipient, header: EnvelopeHeader, writing: RecordWriter, signal?: AbortSignal): Promise<Blob> {
  let begin: (headerLen: number) => void = () => undefined;
  const begun = new Promise<number>((resolve) => (begin = resolve));
  const envelope = new EnvelopeWriter(begun);
  const { stream, headerLen } = await sealStream(to, streamFromGenerator(envelope.write(header, writing)));
  begin(headerLen);
  return collectToBlob(stream, signal);
}

/** A body that is sealed and not written yet. */
export interface SealedBody {
  sealed: Bytes;
  /** The submission digest of the submission with this body. */
  digest: HashText;
}

/**
 * Returns the submission digest, with which a reporter recognises the event of a submission.
 * `parts` are the hashes of the sealed body and then of the sealed files, in their order.
 */
export const submissionDigest = (generation: number, parts: readonly Uint8Array[]): HashText =>
  hashText(utf8("burkindi/submission-digest/v2\0"), u32(generation), ...parts);

/** Writes the records of an envelope and counts its bytes. */
export class EnvelopeWriter {
  private outerHeader = 0;
  private written = 0;
  /** The hashes of the sealed files. */
  private readonly attachments: Bytes[] = [];

  /** `begun` resolves to the header length of the transport layer. */
  constructor(private readonly begun: Promise<number>) {}

  async *write(header: EnvelopeHeader, writing: RecordWriter): AsyncGenerator<Uint8Array, void> {
    this.outerHeader = await this.begun;
    yield this.count(encodeHeader("BKE1", header));
    yield* writing(this);
    yield* this.record(RecordType.end, new Uint8Array(0));
    const sizeClass = sizeClassFor(sealedLen(this.outerHeader, this.written));
    if (sizeClass === undefined) throw new SubmissionTooLargeError();
    let missing = plaintextLenFor(sizeClass, this.outerHeader)! - this.written;
    const zeros = new Uint8Array(ATTACHMENT_CHUNK);
    for (; missing > 0; missing -= zeros.length) yield zeros.subarray(0, Math.min(missing, zeros.length));
  }

  *record(type: RecordType, bytes: Uint8Array): Generator<Uint8Array, void> {
    if (bytes.length > maxRecordLen(type)) throw new SubmissionTooLargeError();
    const recordHeader = encodeRecordHeader(type, bytes.length);
    // Fail as soon as the limit is exceeded, not after the last byte of a file.
    if (sealedLen(this.outerHeader, this.written + recordHeader.length + bytes.length) > MAX_SIZE) throw new SubmissionTooLargeError();
    yield this.count(recordHeader);
    if (bytes.length > 0) yield this.count(bytes);
  }

  /**
   * Seals a file to `C` while reading it, pads it to its size class, and adds it to the manifest.
   */
  async *attachment(to: AgeRecipient, file: AttachmentSource, manifest: AttachmentEntry[]): AsyncGenerator<Uint8Array, void> {
    if (manifest.length === MAX_ATTACHMENTS) throw new SubmissionTooLargeError();
    const hasher = sha256.create();
    let len = 0;
    const counted = file.stream().pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          hasher.update(chunk);
          len += chunk.length;
          controller.enqueue(chunk);
        },
        flush(controller) {
          for (let missing = paddedFileLen(len) - len; missing > 0; missing -= ATTACHMENT_CHUNK) {
            controller.enqueue(new Uint8Array(Math.min(missing, ATTACHMENT_CHUNK)));
          }
        },
      }),
    );
    const { stream } = await sealStream(to, counted);
    const sealedHasher = sha256.create();
    for await (const chunk of rechunk(stream, ATTACHMENT_CHUNK)) {
      sealedHasher.update(chunk);
      yield* this.record(RecordType.attachmentChunk, chunk);
    }
    this.attachments.push(sealedHasher.digest() as Bytes);
    yield* this.record(RecordType.attachmentEnd, new Uint8Array(0));
    const { name, mediaType: media_type, treatment } = file;
    manifest.push({ name, media_type, len, sha256: encode(hasher.digest()), treatment });
  }

  /**
   * Seals the body in memory, after the last file: the reply capsule, which precedes the body,
   * contains the submission digest.
   */
  async sealBody(to: AgeRecipient, generation: number, frame: Uint8Array): Promise<SealedBody> {
    const sealed = await seal(to, padText(frame, TEXT_STEP));
    return { sealed, digest: submissionDigest(generation, [hash(sealed), ...this.attachments]) };
  }

  /** Writes the body, and the tag that identifies a second sending. No record may follow. */
  *body({ sealed }: SealedBody, sendingTag: Uint8Array): Generator<Uint8Array, void> {
    yield* this.record(RecordType.body, sealed);
    yield* this.record(RecordType.sendingTag, sendingTag);
  }

  private count(bytes: Uint8Array): Uint8Array {
    this.written += bytes.length;
    return bytes;
  }
}

async function* rechunk(stream: ReadableStream<Uint8Array>, size: number): AsyncGenerator<Bytes, void> {
  let buffer = new Uint8Array(size);
  let used = 0;
  for await (let bytes of readChunks(stream)) {
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

async function collectToBlob(stream: ReadableStream<Uint8Array>, signal?: AbortSignal): Promise<Blob> {
  const blobs: Blob[] = [];
  for await (const piece of rechunk(stream, WRITE_CHUNK)) {
    signal?.throwIfAborted();
    blobs.push(new Blob([piece]));
  }
  signal?.throwIfAborted();
  return new Blob(blobs, { type: "application/octet-stream" });
}

/**
 * Creates a stream from a generator. Not every browser supports `ReadableStream.from` or the
 * iteration of a stream.
 */
function streamFromGenerator(source: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> {
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


async function* readChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
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
