// GIF pictures (89a): comments and application data are removed.
import { MalformedFileError, ByteRewriter, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, classify } from "./rules.ts";

export function stripGif(stream: ByteRewriter, found: ScrubFindings): void {
  stream.copy(13 + colorTableLen(stream.peekExact(13)[10]!));
  for (let isDrawn = false; ; ) {
    const first = stream.peekExact(1)[0];
    if (first === 0x21) processExtension(stream, found);
    else if (first === 0x2c) {
      stream.copy(10 + colorTableLen(stream.peekExact(10)[9]!) + 1);
      processBlocks(stream, true);
      isDrawn = true;
    } else if (first === 0x3b && isDrawn) {
      stream.copy(1);
      if (!stream.isAtEnd) addKinds(found.removed, ...classify(stream.peek(65_536)));
      stream.skipRest();
      return;
    } else throw new MalformedFileError();
  }
}

function processExtension(stream: ByteRewriter, found: ScrubFindings): void {
  const label = stream.peekExact(2)[1]!;
  const ahead = stream.peek(14);
  // Timing of the frames, number of repetitions, and drawn text are part of the picture.
  const repeats = matchesAt(ahead, 3, "NETSCAPE2.0") || matchesAt(ahead, 3, "ANIMEXTS1.0");
  const draws = label === 0xf9 || label === 0x01 || (label === 0xff && repeats);
  if (!draws) found.removed.add(label === 0xfe ? "words" : "other");
  if (draws) stream.copy(2);
  else stream.skip(2);
  processBlocks(stream, draws);
}

/** Returns the length of a colour table in bytes. */
const colorTableLen = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);

function processBlocks(stream: ByteRewriter, keep: boolean): void {
  for (let len = -1; len !== 0; ) {
    len = stream.peekExact(1)[0]!;
    if (keep) stream.copy(len + 1);
    else stream.skip(len + 1);
  }
}
