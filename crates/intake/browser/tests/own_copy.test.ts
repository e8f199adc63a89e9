// The own copy of the reporter: what opens it, and what its reader refuses.
import assert from "node:assert/strict";
import test from "node:test";
import { open, recipientOf, seal } from "../src/age.ts";
import { type Bytes, concat, encode, random, text, u32, utf8 } from "../src/bytes.ts";
import { parseRecords, splitHeader } from "../src/framing.ts";
import { encodeFacts, parseFacts } from "../src/facts_body.ts";
import { type FrameHeader, type FrameKind, type Routing, peekFrame, signFrame } from "../src/frame.ts";
import { hash, hashText } from "../src/hash.ts";
import { MAX_OWN_COPY_LEN, OwnCopyError, containsMessage, nextAfter, openOwnCopy, sealOwnCopy } from "../src/own_copy.ts";
import { TEXT_STEP, padText } from "../src/padding.ts";
import { Receipt } from "../src/receipt.ts";
import { type ReportDraft, sealReport } from "../src/report.ts";
import { deriveReportSecrets } from "../src/report_secrets.ts";
import { createTestWorld } from "./support/world.ts";

const world = await createTestWorld();
const routing: Routing = { desk: "", priority: "P4", release_to_oversight: false, directory: encode(hash(utf8("directory"))) };

/** A report and two messages after it, as the program of the reporter signs them. */
async function conversation(content: string) {
  const secrets = deriveReportSecrets(random(32), utf8(content));
  const { receipt } = secrets;
  const frames: Bytes[] = [];
  const draft: ReportDraft = {
    body: { category: "FAC", audience: "trader", answers: { how_often: "once" }, story: `Récit ${content}` },
    lang: "fr",
    priority: "P3",
    week: "2026-W48",
    files: [],
    onFrame: (frame) => frames.push(frame),
  };
  await sealReport(world.directory, secrets, draft);
  const report = peekFrame(frames[0]!);
  for (const seq of [1, 2]) frames.push(message(report, seq, hashText(frames.at(-1)!), `Message ${seq}`, receipt.signingKey()));
  const inbox = { case: secrets.case, sent: { seq: 2, hash: hashText(frames[2]!) }, header: { received: 3 } };
  return { receipt, frames, inbox };
}

function message(report: FrameHeader, seq: number, prev: string | null, words: string, key: Uint8Array): Bytes {
  const { reporter_key: _, ...header } = report;
  return signFrame({ ...header, kind: "message", seq, prev, salt: encode(random(32)), routing }, utf8(words), key);
}

const refused = (found: Promise<unknown>, what: string) => assert.rejects(found, OwnCopyError, what);

test("an own copy contains facts that were added, and no report after the first frame", async () => {
  const { receipt, frames, inbox } = await conversation("one");
  const { reporter_key: _, ...header } = peekFrame(frames[0]!);
  const facts = { category: "EXT", answers: { place: "Dakola" } };
  const added = (kind: FrameKind) => signFrame({ ...header, kind, seq: 3, prev: hashText(frames[2]!), routing }, encodeFacts(facts), receipt.signingKey());
  const { messages } = await openOwnCopy(receipt, await sealOwnCopy(receipt, [...frames, added("facts")]), inbox);
  assert.equal(messages[3]!.header.kind, "facts");
  assert.deepEqual(parseFacts(messages[3]!.body), facts);
  await refused(openOwnCopy(receipt, await sealOwnCopy(receipt, [...frames, added("report")]), inbox), "a second report");
});

test("an own copy shows the messages of the reporter, and only its receipt opens it", async () => {
  const { receipt, frames, inbox } = await conversation("one");
  const sealed = await sealOwnCopy(receipt, frames);
  const { messages, frames: read } = await openOwnCopy(receipt, sealed, inbox);
  assert.deepEqual(messages.map(({ header }) => header.seq), [0, 1, 2]);
  assert.equal((JSON.parse(text(messages[0]!.body)) as { story: string }).story, "Récit one");
  assert.equal(text(messages[2]!.body), "Message 2");
  assert.deepEqual(read, frames);
  // A person who finds the file without the receipt: members, the case handler, anyone.
  await refused(openOwnCopy(new Receipt(random(16)), sealed, inbox), "another receipt");
  for (const identity of [world.transport, ...Object.values(world.people)]) await assert.rejects(open(identity, sealed));
  // The length shows only a multiple of 4 KiB.
  const short = await sealOwnCopy(receipt, frames.slice(0, 1));
  const other = await sealOwnCopy(receipt, [concat(frames[0]!, new Uint8Array(100))]);
  assert.ok(Math.abs(short.length - other.length) < 1000);
  // An older copy shows less, and its reader knows how much is missing.
  const older = await openOwnCopy(receipt, await sealOwnCopy(receipt, frames.slice(0, 2)), inbox);
  assert.equal(older.messages.length, 2);
});

test("an own copy that is made, changed, cut, replayed or reordered is refused", async () => {
  const { receipt, frames, inbox } = await conversation("one");
  const other = await conversation("two");
  const copy = async (parts: readonly Uint8Array[], what: string) => refused(openOwnCopy(receipt, await sealOwnCopy(receipt, parts), inbox), what);
  const [report, first, second] = frames as [Bytes, Bytes, Bytes];
  // The case handler and members know M, and can seal to it. They do not have the key of the
  // reporter.
  const header = peekFrame(report);
  const forged = message(header, 1, hashText(report), "Forged", random(32));
  await copy([report, forged], "made by another key");
  for (const at of [0, 10, report.length >> 1, report.length - 1]) {
    const changed = report.slice() as Bytes;
    changed[at]! ^= 1;
    await copy([changed, first, second], `changed at ${at}`);
  }
  await copy([], "nothing");
  await copy([first, second], "without the report");
  await copy([report, second], "without a message between");
  await copy([report, first, first], "a message twice");
  await copy([report, second, first], "another order");
  await copy([first, report, second], "another order");
  await copy(other.frames, "another case of the same reporter");
  await copy([report, other.frames[1]!], "a message of another case");
  // The holder of the receipt can sign as the reporter. The mailbox names the newest message.
  const rewritten = message(header, 2, hashText(first), "Rewritten", receipt.signingKey());
  await copy([report, first, rewritten], "another newest message");
  const recipient = await recipientOf(receipt.mailboxIdentity());
  const plain = concat(utf8("BKO1"), u32(report.length), report);
  for (const [what, bytes] of [
    ["without padding", plain],
    ["another magic", padText(concat(utf8("BKO2"), plain.subarray(4)), TEXT_STEP)],
    ["a longer length", padText(concat(utf8("BKO1"), u32(report.length + 1), report), TEXT_STEP)],
    ["bytes after the messages", padText(concat(plain, utf8("xyz")), TEXT_STEP)],
    ["no message", padText(utf8("BKO1"), TEXT_STEP)],
  ] as const) await refused(seal(recipient, bytes).then((sealed) => openOwnCopy(receipt, sealed, inbox)), what);
  const sealed = await sealOwnCopy(receipt, frames);
  for (const at of [0, 40, 1000, sealed.length - 1]) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    await refused(openOwnCopy(receipt, changed, inbox), `sealed bytes changed at ${at}`);
  }
  await refused(openOwnCopy(receipt, sealed.subarray(0, -100), inbox), "cut");
  await refused(openOwnCopy(receipt, new Uint8Array(MAX_OWN_COPY_LEN + 1), inbox), "too long");
});

test("a message continues the own copy before it is collected, and a copy with another one of two opens", async () => {
  const { receipt, frames, inbox } = await conversation("one");
  const header = peekFrame(frames[0]!);
  const key = receipt.signingKey();
  const collected = (sent: Uint8Array, received: number) => ({ ...inbox, sent: { seq: peekFrame(sent).seq, hash: hashText(sent) }, header: { received } });
  const opened = async (parts: readonly Uint8Array[], mailbox: typeof inbox) => openOwnCopy(receipt, await sealOwnCopy(receipt, parts), mailbox);
  // The first of two messages is not collected when the second one is sent.
  const first = message(header, 3, inbox.sent.hash, "First", key);
  const copy = await opened([...frames, first], inbox);
  assert.deepEqual(nextAfter(inbox.sent, copy), { seq: 3, hash: hashText(first) });
  assert.ok(containsMessage(copy, inbox.sent));
  // A page that does not have the copy gives its message the same number.
  const other = message(header, 3, inbox.sent.hash, "Other", key);
  for (const [newest, missing] of [[first, other], [other, first]] as const) {
    const both = collected(newest, 5);
    const found = await opened([...frames, missing], both);
    assert.ok(!containsMessage(found, both.sent));
    assert.deepEqual(nextAfter(both.sent, found), both.sent);
    assert.ok(containsMessage(await opened([...frames, newest], both), both.sent));
    // What was not collected is not shown as what was.
    await refused(opened([...frames, missing], collected(newest, 4)), "one of the two did not arrive");
  }
});

test("a report has the same form whether or not the reporter wants an own copy", async () => {
  const secrets = deriveReportSecrets(random(32), utf8("same"));
  const draft = { body: { category: "FAC", audience: "trader", answers: {}, story: "Récit" }, lang: "fr", priority: "P3" as const, week: "2026-W48", files: [] };
  const shape = async (onFrame?: (frame: Bytes) => void) => {
    const blob = await sealReport(world.directory, secrets, { ...draft, onFrame });
    const { header, rest } = splitHeader("BKE1", 4096, await open(world.transport, new Uint8Array(await blob.arrayBuffer())), (header) => header);
    const records = parseRecords(rest);
    // The grease of an age file has a random length.
    return { size: blob.size, header, types: records.map(({ type }) => type), tag: encode(records.at(-1)!.bytes) };
  };
  let frames = 0;
  assert.deepEqual(await shape(() => (frames += 1)), await shape());
  assert.equal(frames, 1);
});
