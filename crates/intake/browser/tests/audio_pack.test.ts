import assert from "node:assert/strict";
import test from "node:test";
import { concat, u32, utf8 } from "../src/bytes.ts";
import { AudioPack } from "../src/pages/audio_pack.ts";

const SOUND = Uint8Array.from({ length: 300 }, (_, at) => at % 251);

function pack(index: unknown): ReturnType<typeof concat> {
  const json = utf8(JSON.stringify(index));
  return concat(utf8("burkindi-audio-1\n"), u32(json.length), json, SOUND, new Uint8Array(500));
}

const INDEX = {
  header: { lang: "mos", name: "Mooré", texts: "fr" },
  clips: { back: { start: 0, len: 100, text: "A".repeat(43) }, "choose-unsure": { start: 100, len: 200, text: "A".repeat(43) } },
};

test("a clip is found by the key of its text, and its copy can be consumed", () => {
  const read = AudioPack.parse(pack(INDEX));
  assert.deepEqual(new Uint8Array(read.clip("back")), SOUND.slice(0, 100));
  const taken = read.clip("choose-unsure");
  structuredClone(taken, { transfer: [taken] });
  assert.equal(taken.byteLength, 0);
  assert.deepEqual(new Uint8Array(read.clip("choose-unsure")), SOUND.slice(100, 300));
  assert.deepEqual(["back", "choose-unsure", "choose-advice", "constructor", "__proto__"].map((key) => read.has(key)), [true, true, false, false, false]);
});

test("a file that is no audio pack is refused", () => {
  const whole = pack(INDEX);
  const otherMagic = whole.slice();
  otherMagic[15]! ^= 1;
  const otherLength = whole.slice();
  otherLength[20]! ^= 1;
  for (const file of [otherMagic, otherLength, whole.slice(0, 20), new Uint8Array()]) assert.throws(() => AudioPack.parse(file));
});
