// GIF pictures (89a): comments and what programs add go.
import { MalformedFileError, ByteRewriter, matchesAt } from "./stream.ts";
import { type ScrubFindings, addKinds, classify } from "./rules.ts";

export function stripGif(pipe: ByteRewriter, found: ScrubFindings): void {
  pipe.copy(13 + colorTableLen(pipe.peekExact(13)[10]!));
  for (let isDrawn = false; ; ) {
    const first = pipe.peekExact(1)[0];
    if (first === 0x21) processExtension(pipe, found);
    else if (first === 0x2c) {
      pipe.copy(10 + colorTableLen(pipe.peekExact(10)[9]!) + 1);
      processBlocks(pipe, true);
      isDrawn = true;
    } else if (first === 0x3b && isDrawn) {
      pipe.copy(1);
      if (!pipe.isAtEnd) addKinds(found.removed, ...classify(pipe.peek(65_536)));
      pipe.skipRest();
      return;
    } else throw new MalformedFileError();
  }
}

function processExtension(pipe: ByteRewriter, found: ScrubFindings): void {
  const label = pipe.peekExact(2)[1]!;
  const ahead = pipe.peek(14);
  // How long each picture is shown, how often all are, and text that is drawn.
  const repeats = matchesAt(ahead, 3, "NETSCAPE2.0") || matchesAt(ahead, 3, "ANIMEXTS1.0");
  const draws = label === 0xf9 || label === 0x01 || (label === 0xff && repeats);
  if (!draws) found.removed.add(label === 0xfe ? "words" : "other");
  if (draws) pipe.copy(2);
  else pipe.skip(2);
  processBlocks(pipe, draws);
}

/** Bytes of a colour table. */
const colorTableLen = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);

function processBlocks(pipe: ByteRewriter, pass: boolean): void {
  for (let len = -1; len !== 0; ) {
    len = pipe.peekExact(1)[0]!;
    if (pass) pipe.copy(len + 1);
    else pipe.skip(len + 1);
  }
}
