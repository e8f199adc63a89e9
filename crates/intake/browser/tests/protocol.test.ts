import fc from "fast-check";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { open, recipientOf, seal } from "../src/age.ts";
import { identity } from "../src/recipients.ts";
import { concat, decode, encode, equal, random, text, utf8 } from "../src/bytes.ts";
import { relatedReport } from "../src/related_report.ts";
import { deriveReportSecrets } from "../src/report_secrets.ts";
import { MalformedJsonError } from "../src/canonical.ts";
import { encodeFacts, parseFacts } from "../src/facts_body.ts";
import { followUpSalt, peekFrame, signFrame, verifyFrame } from "../src/frame.ts";
import { grantTag, sealGrant } from "../src/key_grant.ts";
import { hash, hashText } from "../src/hash.ts";
import { caseIdentity, frameSalt, grantSealSeed, repliesKey, sendingToken } from "../src/keys.ts";
import { MAX_SIZE, SIZE_CLASSES, plaintextLenFor, sizeClassFor } from "../src/size_classes.ts";
import { TEXT_STEP, padText, paddedFileLen, unpadText } from "../src/padding.ts";
import { Receipt } from "../src/receipt.ts";
import { sealReport } from "../src/report.ts";
import { submissionDigest } from "../src/submission.ts";
import type { CleaningReport, FileTreatment } from "../src/treatment.ts";
import { parseRecords, splitHeader } from "../src/framing.ts";
import { verifyDirectory, signDirectory, vectors, createTestWorld } from "./support/world.ts";
import { NoReaderError, VerifiedDirectory } from "../src/directory.ts";

test("case secrets, report secrets and grant tags match the test vectors", async () => {
  const known = vectors.case;
  assert.equal((await recipientOf(caseIdentity(decode(known.secret)))).text, known.case_recipient);
  assert.equal(encode(repliesKey(decode(known.secret))), known.replies_key);
  assert.equal(encode(frameSalt(decode(known.secret))), known.frame_salt);
  assert.equal(encode(sendingToken(decode(known.secret))), known.sending_token);
  assert.equal(followUpSalt(decode(known.follow_up.token)), known.follow_up.salt);
  const { generation, parts, digest } = known.submission_digest;
  assert.equal(submissionDigest(generation, parts.map(decode)), digest);
  const filed = deriveReportSecrets(decode(known.report_secrets.seed), decode(known.report_secrets.content));
  assert.equal(filed.receipt.code(), known.report_secrets.receipt);
  assert.equal(filed.case, known.report_secrets.case);
});

test("padding matches the test vectors, and other forms are refused", () => {
  for (const { text: letters, step, padded } of vectors.padding.texts) {
    const plain = padText(decode(letters), step);
    assert.equal(hashText(plain), padded);
    assert.deepEqual(unpadText(plain, step), decode(letters));
  }
  for (const [length, padded] of vectors.padding.files) assert.equal(paddedFileLen(length), padded);
  const plain = padText(utf8("text"), TEXT_STEP);
  const changed = (at: number, byte: number) => Uint8Array.from(plain, (old, index) => (index === at ? byte : old));
  const longer = concat(plain, new Uint8Array(TEXT_STEP));
  const others = [plain.subarray(1), changed(8, 1), changed(4095, 1), changed(0, 255), longer, new Uint8Array(3)];
  for (const other of others) assert.throws(() => unpadText(other, TEXT_STEP), /invalid padding/);
});

test("grants and their tags match the test vectors byte for byte", async () => {
  const member = await recipientOf(identity(decode(vectors.sealed.member_seed)));
  const id = vectors.frames[0].header.case.replaceAll("-", "");
  const bytes = Uint8Array.from(id.match(/../g)!, (byte: string) => parseInt(byte, 16));
  assert.equal(encode(grantTag(bytes, member)), vectors.case.grant_tag);
  assert.equal(vectors.case.grant.tag, vectors.case.grant_tag);
  const secret = decode(vectors.case.secret);
  assert.equal(encode(grantSealSeed(secret, member)), vectors.case.grant_seal_seed);
  const reporterKey = decode(vectors.receipts[0].reporter_key);
  const grant = { case: bytes, generation: 0, secret, reporterKey, mailboxRecipient: hash(utf8("M")) };
  assert.deepEqual(sealGrant(grant, member), concat(decode(vectors.case.grant.tag), decode(vectors.case.grant.sealed)));
});

test("frames match the test vectors byte for byte", () => {
  for (const vector of vectors.frames) {
    const bytes = decode(vector.frame);
    const signer = decode(vectors.receipts[0].reporter_key);
    const { case: id, generation, direction, recipient } = vector.header;
    const frame = verifyFrame(bytes, { case: id, generation, direction, recipient, signer });
    assert.equal(frame.hash, vector.hash);
    assert.equal(encode(frame.body), vector.body);
    assert.deepEqual(frame.header, vector.header);
    const key = new Receipt(decode(vectors.receipts[0].receipt)).signingKey();
    assert.deepEqual(signFrame(frame.header, frame.body, key), bytes);
  }
});

test("facts match the test vector byte for byte", () => {
  const body = decode(vectors.frames.at(-1).body);
  const facts = parseFacts(body);
  assert.deepEqual(facts.answers["goods"], ["fuel", "food"]);
  // Answers are in the order of their ids, whatever the order in which they were given.
  const answers = Object.fromEntries(Object.entries(facts.answers).reverse());
  assert.deepEqual(encodeFacts({ ...facts, answers }), body);
  assert.throws(() => encodeFacts({ ...facts, answers: { "no id": "x" } }), MalformedJsonError);
});

test("a treatment is decoded from fixed words only, and the error names the field", () => {
  const header = peekFrame(decode(vectors.frames[2].frame));
  const body = utf8("text");
  const [first] = header.attachments;
  const key = random(32);
  const read = (treatment: unknown) => {
    const attachments = [{ ...first!, treatment: treatment as FileTreatment }];
    const expected = { ...header, signer: ed25519.getPublicKey(key) };
    return verifyFrame(signFrame({ ...header, attachments }, body, key), expected).header.attachments[0]!.treatment;
  };
  const cleaned = first!.treatment as CleaningReport;
  assert.deepEqual(read(cleaned), cleaned);
  assert.equal(read(undefined), undefined);
  for (const [field, wrong] of Object.entries({
    how: { how: "scrubbed" },
    removed: { ...cleaned, removed: ["shoe-size"] },
    left: { ...cleaned, left: "history" },
    reading: { ...cleaned, reading: "half" },
    signature: { ...cleaned, signature: undefined },
  })) {
    assert.throws(() => read(wrong), new RegExp(`attachments: treatment: ${field}: not `), field);
  }
  assert.throws(() => read({ ...cleaned, removed: ["place", "author"] }), /canonical/);
  assert.throws(() => read({ ...cleaned, note: "x" }), /canonical/);
});

test("a related report matches the test vector", () => {
  const vector = vectors.frames[1];
  const key = new Receipt(decode(vectors.receipts[1].receipt)).signingKey();
  assert.deepEqual(relatedReport(vector.related_case, vector.header.case, key), vector.header.related);
});

test("a frame that was altered anywhere is rejected", () => {
  const key = random(32);
  const signer = ed25519.getPublicKey(key);
  const header = {
    v: 2 as const,
    case: "12345678-9abc-4def-8123-456789abcdef",
    generation: 0,
    direction: "in" as const,
    seq: 0,
    prev: null,
    ack: null,
    recipient: hashText(utf8("C")),
    kind: "message" as const,
    lang: "fr",
    week: "2026-W48",
    salt: hashText(utf8("salt")),
    routing: { desk: "", priority: "P4" as const, release_to_oversight: false, directory: hashText(utf8("directory")) },
    attachments: [],
  };
  const { case: id, generation, direction, recipient } = header;
  const expected = { case: id, generation, direction, recipient, signer };
  const frame = signFrame(header, utf8("Où ?"), key);
  assert.equal(text(verifyFrame(frame, expected).body), "Où ?");
  fc.assert(
    fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const altered = frame.slice();
      altered[at]! ^= flip;
      assert.throws(() => verifyFrame(altered, expected));
    }),
    { numRuns: 300 },
  );
  for (const other of [
    { ...expected, generation: 1 },
    { ...expected, direction: "out" as const },
    { ...expected, recipient: hashText(utf8("another")) },
    { ...expected, case: "00000000-9abc-4def-8123-456789abcdef" },
    { ...expected, signer: ed25519.getPublicKey(random(32)) },
  ]) {
    assert.throws(() => verifyFrame(frame, other));
  }
});

test("the size classes match the test vectors, and every length has one", () => {
  const { sizes, header_len, plaintext_len } = vectors.size_classes;
  assert.deepEqual(SIZE_CLASSES, sizes);
  assert.deepEqual(SIZE_CLASSES.map((size) => plaintextLenFor(size, header_len)), plaintext_len);
  fc.assert(fc.property(fc.constantFrom(...SIZE_CLASSES), fc.integer({ min: 1700, max: 4095 }), (size, header) => plaintextLenFor(size, header) !== undefined));
  fc.assert(fc.property(fc.integer({ min: 0, max: MAX_SIZE }), (len) => sizeClassFor(len)! >= len));
  assert.equal(sizeClassFor(MAX_SIZE + 1), undefined);
});

test("a file with a second recipient is rejected, grease is not", async () => {
  const [one, other] = [identity(random(32)), identity(random(32))];
  const sealed = await seal(await recipientOf(one), utf8("for one alone"));
  assert.equal(text(await open(one, sealed)), "for one alone");
  await assert.rejects(open(other, sealed));
  const { Encrypter } = await import("age-encryption");
  const both = new Encrypter();
  both.addRecipient((await recipientOf(one)).text);
  both.addRecipient((await recipientOf(other)).text);
  await assert.rejects(open(one, await both.encrypt("for both")), /another recipient/);
  for (let at = 0; at < sealed.length; at += 97) {
    const altered = sealed.slice();
    altered[at]! ^= 1;
    await assert.rejects(open(one, altered), `byte ${at}`);
  }
});

test("headers have the same lengths as in the Rust implementation", async () => {
  const to = await recipientOf(identity(random(32)));
  const lengths = new Set<number>();
  for (let n = 0; n < 60; n++) {
    const sealed = await seal(to, new Uint8Array(0));
    const header = text(sealed.subarray(0, sealed.length - 32));
    assert.match(header, /^age-encryption\.org\/v1\n-> mlkem768x25519 [A-Za-z0-9+/]+\n[A-Za-z0-9+/]{43}\n-> [!-~]{1,8}-grease( [!-~]{1,8}){0,4}\n([A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n--- [A-Za-z0-9+/]{43}\n$/);
    lengths.add(header.length);
  }
  assert.ok(lengths.size > 30, "the grease varies");
});

test("a directory is accepted only if all its checks pass", async () => {
  const w = await createTestWorld();
  const { document, trust, rootKeys } = w;
  const two = rootKeys.slice(0, 2);
  const refused = (change: Partial<typeof document>, keys = two, today?: string) =>
    assert.throws(() => verifyDirectory({ ...document, ...change }, keys, trust, today), JSON.stringify(change));
  refused({}, rootKeys.slice(0, 1));
  refused({}, [rootKeys[0]!, rootKeys[0]!]);
  refused({}, [rootKeys[0]!, random(32)]);
  refused({}, two, "2026-12-21");
  refused({}, two, "2026-11-21");
  refused({ instance: "00000000-9abc-4def-8123-456789abcdef" });
  refused({ v: 2 as 1 });
  refused({ surprise: 1 } as object);
  refused({ expires: "2026-12-24" });
  refused({ transport: [] });
  refused({ transport: ["age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"] });
  refused({ oversight: "nobody" });
  refused({ members: [...document.members, document.members[0]!] });
  refused({ members: [...document.members, { ...document.members[0]!, handle: "twin" }] });
  const [awa, bila, ...others] = document.members;
  refused({ members: [awa!, { ...bila!, device: awa!.device }, ...others] });
  refused({ handler_key: awa!.device });
  const [first, ...rest] = document.desks;
  refused({ desks: [{ ...first!, members: ["awa", "unknown"] }, ...rest] });
  refused({ desks: [{ ...first!, members: ["awa", "awa"] }, ...rest] });
  refused({ desks: [{ ...first!, members: ["awa", "eva"] }, ...rest] });
  refused({ desks: document.desks.map((desk) => ({ ...desk, members: desk.id === "external" ? [] : desk.members })) });
  const witness = (name: string, key = encode(ed25519.getPublicKey(random(32)))) => ({ name, key });
  const log = (change: object) => ({ log: { ...document.log, ...change } });
  const nine = Array.from({ length: 9 }, (_, n) => witness(`witness.example/${n}`));
  refused(log({ epoch: 0 }));
  refused(log({ witnesses: nine }));
  refused(log({ witnesses: [nine[0]!, witness(nine[0]!.name)] }));
  refused(log({ witnesses: [nine[0]!, witness("witness.example/a", nine[0]!.key)] }));
  for (const key of [awa!.device, document.handler_key]) refused(log({ witnesses: [witness("witness.example/a", key)] }));
  for (const name of ["", "a b", "a+b", "é", "a\n", "burkindi/member/x/eva", "a".repeat(129)]) refused(log({ witnesses: [witness(name)] }));
  refused(log({ quorum: { oversight: 3, witnesses: 0 } }));
  refused(log({ quorum: { oversight: 1, witnesses: 1 } }));
  refused(log({ quorum: { oversight: 0, witnesses: 0 } }));
  verifyDirectory({ ...document, ...log({ epoch: 2 ** 32 - 1, witnesses: nine.slice(1), quorum: { oversight: 2, witnesses: 8 } }) }, two, trust);
  verifyDirectory(document, two, trust, "2026-11-22");
  const { bytes, signatures } = signDirectory(document, two);
  bytes[bytes.length - 2]! ^= 1;
  assert.throws(() => VerifiedDirectory.verify(bytes, signatures, trust, "2026-11-23"));
});

test("the recipients of a report follow from the directory and the exclusions", async () => {
  const { directory, document } = await createTestWorld();
  const to = (category: string, excluded: string[], oversightRefused = false) => {
    const { desk, readers } = directory.recipientsFor(category, "trader", excluded, oversightRefused);
    const handles = readers.map((reader) => document.members.find((member) => member.recipient === reader.text)!.handle);
    return `${desk.id}: ${handles.join(" ")}`;
  };
  assert.equal(to("FAC", []), "internal_affairs: awa bila coumba eva fofana");
  assert.equal(to("FAC", ["regional"]), "internal_affairs: awa coumba eva fofana");
  // Excluded at one desk is excluded at every desk; if fewer than two are left, the report goes to
  // the oversight body.
  assert.equal(to("FAC", ["hr_integrity"]), "internal_affairs: awa bila eva fofana");
  assert.equal(to("FAC", ["regional", "hr_integrity"]), "external: eva fofana");
  assert.equal(to("FAC", ["internal_affairs"]), "external: eva fofana");
  assert.equal(to("FAC", ["unsure_all"]), "external: eva fofana");
  assert.equal(to("FAC", ["external"]), "internal_affairs: awa bila coumba eva fofana");
  assert.equal(to("XXX", []), "external: eva fofana");
  // A reporter who refuses the oversight body cannot send a report that no desk would read.
  assert.equal(to("FAC", [], true), "internal_affairs: awa bila coumba");
  for (const [category, excluded] of [["FAC", ["unsure_all"]], ["XXX", []]] as const) {
    assert.throws(() => to(category, [...excluded], true), NoReaderError);
  }
});

/** The vectors of exclusions without effect, which the tests of `crates/protocol` read too. */
interface ExclusionVectors {
  members: [string, string[]][];
  desks: [string, string[], string[], string[]][];
  oversight: string[];
  cases: { category: string; excluded: string[]; without_effect: string[] }[];
}

test("exclusions that exclude no member of the desk match the vectors", async () => {
  const vectors = JSON.parse(readFileSync(`${process.cwd()}/../../protocol/exclusions.json`, "utf8")) as ExclusionVectors;
  const { document, trust, rootKeys } = await createTestWorld();
  const desks = [...vectors.desks, [document.oversight, [], vectors.oversight, []] as ExclusionVectors["desks"][number]];
  const changed = {
    ...document,
    members: vectors.members.map(([handle, units], at) => ({ ...document.members[at]!, handle, units })),
    desks: desks.map(([id, categories, members, units]) => ({ id, labels: {}, categories, audiences: [], members, units })),
  };
  const directory = verifyDirectory(changed, rootKeys.slice(0, 2), trust);
  assert.ok(vectors.cases.length > 0);
  for (const { category, excluded, without_effect } of vectors.cases) {
    assert.deepEqual(directory.exclusionsWithoutEffect(category, "trader", excluded), without_effect, `${category} ${excluded.join()}`);
  }
});

test("only members of the preferred unit get a report, if there are two of them", async () => {
  const { document, trust, rootKeys } = await createTestWorld();
  const withUnits = (units: Record<string, string[]>) =>
    verifyDirectory({ ...document, members: document.members.map((member) => ({ ...member, units: units[member.handle] ?? [] })) }, rootKeys.slice(0, 2), trust);
  const to = (directory: VerifiedDirectory, preferred: string | undefined, excluded: string[] = []) => {
    const { desk, readers } = directory.recipientsFor("FAC", "trader", excluded, false, preferred);
    return `${desk.id}: ${readers.map((reader) => document.members.find((member) => member.recipient === reader.text)!.handle).join(" ")}`;
  };
  const two = withUnits({ awa: ["woman"], bila: ["man", "regional"], coumba: ["woman"], eva: ["woman"], fofana: ["man"] });
  const all = "internal_affairs: awa bila coumba eva fofana";
  assert.equal(to(two, "woman"), "internal_affairs: awa coumba eva fofana");
  assert.equal(to(two, "man"), all, "one man is too few");
  assert.equal(to(two, undefined), all);
  assert.equal(to(two, "woman", ["regional"]), "internal_affairs: awa coumba eva fofana");
  assert.equal(to(two, "woman", ["internal_affairs"]), "external: eva fofana");
  const one = withUnits({ awa: ["woman"], bila: ["regional"] });
  assert.equal(to(one, "woman"), all);
});

test("a refused oversight body can open no grant, and decoys keep their number", async () => {
  const w = await createTestWorld();
  for (const [answer, reads] of [["no", false], ["unknown", false], ["unsaid", false], ["yes", true]] as const) {
    const filed = deriveReportSecrets(random(32), utf8(answer));
    const body = { category: "FAC", audience: "trader", answers: { oversight_consent: answer }, story: "Récit" };
    const blob = await sealReport(w.directory, filed, { body, lang: "fr", priority: "P3", week: "2026-W48", files: [] });
    const envelope = await open(w.transport, new Uint8Array(await blob.arrayBuffer()));
    const grants = parseRecords(splitHeader("BKE1", 4096, envelope, (header) => header).rest).filter(({ type }) => type === 1);
    assert.equal(grants.length, 8);
    for (const [handle, expected] of [["awa", true], ["eva", reads], ["fofana", reads]] as const) {
      const tried = grants.map(({ bytes }) => open(w.people[handle]!, bytes.subarray(32)).then(() => true, () => false));
      assert.equal((await Promise.all(tried)).includes(true), expected, `${handle} after ${answer}`);
    }
  }
});

test("a report has the length of a size class, holds eight grants, and opens only for its readers", async () => {
  const w = await createTestWorld();
  const filed = deriveReportSecrets(random(32), utf8("content"));
  const content = concat(random(60_000), random(20_000));
  const file = { name: "photo-1.jpg", mediaType: "image/jpeg", stream: () => new Blob([content]).stream() };
  const body = { category: "FAC", audience: "trader", answers: { handlers_involved: ["regional"] }, story: "Récit" };
  const draft = { body, lang: "fr", priority: "P3" as const, week: "2026-W48", files: [file] };
  const blob = await sealReport(w.directory, filed, draft);
  assert.equal(blob.size, 128 * 1024);
  const sealed = new Uint8Array(await blob.arrayBuffer());
  const { header, rest } = splitHeader("BKE1", 4096, await open(w.transport, sealed), (header) => header);
  assert.deepEqual(Object.keys(header as object), ["v", "kind", "desk", "lang", "priority", "mailbox", "case", "directory", "release_to_oversight", "seq"]);
  const found = parseRecords(rest);
  const order = found.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
  assert.deepEqual(order, [1, 6, 7, 3, 4, 2, 5, 8]);
  const grants = found.filter(({ type }) => type === 1);
  assert.equal(grants.length, 8);
  const opens = async (handle: string) => {
    for (const { bytes } of grants) {
      try {
        return await open(w.people[handle]!, bytes.subarray(32));
      } catch {
        // A receipt of another report.
      }
    }
    return undefined;
  };
  for (const handle of ["awa", "coumba", "eva", "fofana"]) assert.ok(await opens(handle), handle);
  for (const handle of ["bila", "dao"]) assert.equal(await opens(handle), undefined, handle);
  const grant = (await opens("awa"))!;
  const chunks = found.filter(({ type }) => type === 3).map(({ bytes }) => bytes);
  const plain = await open(caseIdentity(grant.subarray(24, 56)), new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()));
  assert.equal(plain.length, paddedFileLen(content.length));
  assert.ok(equal(plain.subarray(0, content.length), content));
  assert.ok(plain.subarray(content.length).every((byte) => byte === 0));
  // A submission above the largest size class is rejected before its last byte is read.
  const endless = { ...file, stream: () => new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1 << 20)) }) };
  await assert.rejects(sealReport(w.directory, filed, { ...draft, files: [endless] }), /256 MiB/);
});

test("sealing ends when its signal is aborted, and the file is read no further", async () => {
  const w = await createTestWorld();
  const leaving = new AbortController();
  let read = 0;
  // Aborted after 3 of 64 MiB.
  const pull = (controller: ReadableStreamDefaultController) => {
    read += 1;
    if (read === 3) leaving.abort();
    if (read <= 64) controller.enqueue(new Uint8Array(1 << 20));
    else controller.close();
  };
  const file = { name: "video.mp4", mediaType: "video/mp4", stream: () => new ReadableStream({ pull }) };
  const body = { category: "FAC", audience: "trader", answers: {}, story: "Récit" };
  const draft = { body, lang: "fr", priority: "P3" as const, week: "2026-W48", files: [file], signal: leaving.signal };
  await assert.rejects(sealReport(w.directory, deriveReportSecrets(random(32), utf8("content")), draft), { name: "AbortError" });
  const before = read;
  assert.ok(before < 10, `${before} MiB were read`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(read, before);
});
