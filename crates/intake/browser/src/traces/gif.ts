// GIF pictures (89a): comments and what programs add go.
import { Broken, Pipe, standsAt } from "./pipe.ts";
import { type Finding, add, toldBy } from "./rules.ts";

export function stripGif(pipe: Pipe, found: Finding): void {
  pipe.pass(13 + colours(pipe.need(13)[10]!));
  for (let isDrawn = false; ; ) {
    const first = pipe.need(1)[0];
    if (first === 0x21) stripExtension(pipe, found);
    else if (first === 0x2c) {
      pipe.pass(10 + colours(pipe.need(10)[9]!) + 1);
      takeBlocks(pipe, true);
      isDrawn = true;
    } else if (first === 0x3b && isDrawn) {
      pipe.pass(1);
      if (!pipe.isAtEnd) add(found.removed, ...toldBy(pipe.ahead(65_536)));
      pipe.skipRest();
      return;
    } else throw new Broken();
  }
}

function stripExtension(pipe: Pipe, found: Finding): void {
  const label = pipe.need(2)[1]!;
  const ahead = pipe.ahead(14);
  // How long each picture is shown, how often all are, and text that is drawn.
  const repeats = standsAt(ahead, 3, "NETSCAPE2.0") || standsAt(ahead, 3, "ANIMEXTS1.0");
  const draws = label === 0xf9 || label === 0x01 || (label === 0xff && repeats);
  if (!draws) found.removed.add(label === 0xfe ? "words" : "other");
  if (draws) pipe.pass(2);
  else pipe.skip(2);
  takeBlocks(pipe, draws);
}

/** Bytes of a colour table. */
const colours = (flags: number): number => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);

function takeBlocks(pipe: Pipe, pass: boolean): void {
  for (let len = -1; len !== 0; ) {
    len = pipe.need(1)[0]!;
    if (pass) pipe.pass(len + 1);
    else pipe.skip(len + 1);
  }
}
