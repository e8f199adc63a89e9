// All implementations must accept and reject the same input. The cases are in
// crates/protocol/refusals.json, which the Rust implementation wrote.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { WrongRecipientError, open, recipientOf, seal } from "../src/age.ts";
import { recipient, recipientFrom } from "../src/recipients.ts";
import { decode, text, utf8 } from "../src/bytes.ts";
import { canonicalJson } from "../src/canonical.ts";
import { openCapsule, sealCapsule } from "../src/reply_capsule.ts";
import { VerifiedDirectory } from "../src/directory.ts";
import { parseFacts } from "../src/facts_body.ts";
import { verifyFrame } from "../src/frame.ts";
import { hashText } from "../src/hash.ts";
import { DamagedMailboxError, openInbox } from "../src/inbox.ts";
import { caseIdentity, readKey, verify } from "../src/keys.ts";
import { type LogStatus, verifyLogRecord } from "../src/log.ts";
import { VerifiedProgram } from "../src/program.ts";
import { Receipt } from "../src/receipt.ts";
import { encodeReportBody } from "../src/report.ts";
import { readConfirmedRotation } from "../src/rotations.ts";
import { createTestWorld, lists } from "./support/world.ts";

const refusals = JSON.parse(readFileSync(`${process.cwd()}/../../protocol/refusals.json`, "utf8"));
const receipt = new Receipt(new Uint8Array(16));
const secret = new Uint8Array(32).fill(7);
const words = Object.values(lists);

type RefusalVector = Record<string, string> & { signatures: never };
type VectorCheck = (vector: RefusalVector) => unknown;

/** Each decoder throws on invalid input. */
const KINDS: Record<string, VectorCheck> = {
  frames: async ({ frame }) => {
    const own = (await recipientOf(caseIdentity(secret))).raw;
    verifyFrame(decode(frame!), {
      case: "12345678-9abc-4def-8123-456789abcdef",
      generation: 0,
      direction: "in",
      recipient: hashText(own),
      signer: receipt.reporterKey(),
    });
  },
  facts: ({ body }) => parseFacts(decode(body!)),
  rotations: ({ record }) => readConfirmedRotation(decode(record!)),
  capsules: async ({ plain }) => {
    const identity = receipt.mailboxIdentity();
    const sealed = await seal(await recipientOf(identity), decode(plain!));
    return openCapsule(sealed, identity, receipt.reporterKey());
  },
  signatures: ({ key, signature }) => {
    const message = utf8("message");
    if (!verify(decode(key!), "burkindi/refusals/v1\0", message, decode(signature!))) throw new Error("refused");
  },
  keys: ({ key }) => readKey(key),
  recipients: ({ raw, text }) => (raw === undefined ? recipient(text!) : recipientFrom(decode(raw))),
  directories: ({ bytes, signatures }) => VerifiedDirectory.verify(decode(bytes!), signatures, refusals.trust, refusals.today),
  programs: ({ bytes }) => VerifiedProgram.verify(decode(bytes!), refusals.trust),
  receipts: ({ typed }) => Receipt.parse(typed!, words),
};

test("log records show the same as in the Rust implementation", () => {
  const directories = refusals.log_directories.map(({ bytes, signatures }: { bytes: string; signatures: never }) =>
    VerifiedDirectory.verify(decode(bytes), signatures, refusals.trust, refusals.today),
  );
  const worded = (status: LogStatus | null) => (status?.kind === "countersigned" ? `countersigned ${status.day}` : (status?.kind ?? null));
  const wrong: string[] = [];
  for (const { what, record, capsule, directory, shows } of refusals.log_records) {
    const view = verifyLogRecord(record === null ? null : decode(record), capsule, directories[directory].document)!;
    const shown = [worded(view.report), worded(view.newestMessage)];
    if (shown[0] !== shows.report || shown[1] !== shows.newest_message) wrong.push(`${what}: ${shown.join(", ")}`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(refusals.log_records.length > 50);
});

for (const [kind, accepts] of Object.entries(KINDS)) {
  test(`${kind} are accepted and rejected as in the Rust implementation`, async () => {
    const wrong: string[] = [];
    for (const vector of refusals[kind] as (RefusalVector & { what: string; accepted: boolean })[]) {
      let accepted = true;
      try {
        await accepts(vector);
      } catch {
        accepted = false;
      }
      if (accepted !== vector.accepted) wrong.push(`${vector.what}: ${accepted ? "accepted" : "refused"}`);
    }
    assert.deepEqual(wrong, []);
  });
}

test("mailboxes are accepted and rejected as in the Rust implementation", async () => {
  const to = await recipientOf(receipt.mailboxIdentity());
  const { directory } = await createTestWorld();
  for (const { what, accepted, plain } of refusals.mailboxes) {
    const found: unknown = await openInbox(receipt, await seal(to, decode(plain)), directory).catch((error: unknown) => error);
    assert.ok(found instanceof DamagedMailboxError, what);
    // None of these contains a valid capsule. A decoder that tries to open it has accepted the
    // mailbox around it.
    assert.equal(/no header of an age file/.test(found.message), accepted, `${what}: ${found.message}`);
  }
});

test("a capsule opens only with the key of its receipt", async () => {
  const identity = receipt.mailboxIdentity();
  const capsule = {
    case: "12345678-9abc-4def-8123-456789abcdef",
    generation: 0,
    case_recipient: hashText(utf8("C")),
    replies_keys: [],
    report: hashText(utf8("digest")),
    sent: { seq: 0, hash: hashText(utf8("sent")) },
    sent_digest: hashText(utf8("digest")),
    seen: null,
  };
  const sealed = await sealCapsule(capsule, await recipientOf(identity), receipt.signingKey());
  await assert.rejects(openCapsule(sealed, identity, receipt.reporterKey()), /malformed/);
  await assert.rejects(openCapsule(sealed, identity, new Receipt(new Uint8Array(16).fill(1)).reporterKey()), /invalid capsule signature/);
});

test("a lone surrogate is replaced in canonical JSON", async () => {
  const body = { category: "FAC", audience: "trader", answers: { place: "\udc00" }, story: "a\ud83d" };
  assert.equal(text(encodeReportBody(body)), '{"category":"FAC","audience":"trader","answers":{"place":"\ufffd"},"story":"a\ufffd"}');
  assert.equal(canonicalJson({ name: "😀\ud83d" }), '{"name":"😀\ufffd"}');
});

test("a file for another recipient is distinguished from a damaged one", async () => {
  const identity = receipt.mailboxIdentity();
  const sealed = await seal(await recipientOf(identity), utf8("text"));
  const other = new Receipt(new Uint8Array(16).fill(1)).mailboxIdentity();
  await assert.rejects(open(other, sealed), WrongRecipientError);
  sealed[sealed.length - 1]! ^= 1;
  await assert.rejects(open(identity, sealed), (error) => !(error instanceof WrongRecipientError));
});
