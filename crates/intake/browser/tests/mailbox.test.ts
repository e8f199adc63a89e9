// The response to a request for a mailbox, and counted texts about it.
import assert from "node:assert/strict";
import test from "node:test";
import { WrongRecipientError, recipientOf, seal } from "../src/age.ts";
import { week } from "../src/canonical.ts";
import { DamagedMailboxError, openInbox } from "../src/inbox.ts";
import { type OfflineForm, translateCount } from "../src/pages/offline_form.ts";
import { fetchMailbox, fetchNewerDirectory } from "../src/pages/service.ts";
import { Receipt } from "../src/receipt.ts";
import { createTestWorld, signDirectory, verifyDirectory } from "./support/world.ts";

const receipt = new Receipt(new Uint8Array(16));
const world = await createTestWorld();
const { directory } = world;
const MAILBOX_LEN = 32 * 1024;

/** Runs a step while the service returns this response. */
async function withResponse<T>(response: Response, step: () => Promise<T>): Promise<T> {
  const { fetch } = globalThis;
  globalThis.fetch = () => Promise.resolve(response);
  try {
    return await step();
  } finally {
    globalThis.fetch = fetch;
  }
}

test("a response that is not a mailbox is an error, and never an absent mailbox", async () => {
  for (const length of [0, 1, 100, MAILBOX_LEN - 1, MAILBOX_LEN + 1])
    await assert.rejects(
      withResponse(new Response(new Uint8Array(length)), () => fetchMailbox(receipt)),
      /bytes instead of 32768/,
    );
  for (const status of [400, 404, 429, 500, 503])
    await assert.rejects(
      withResponse(new Response(new Uint8Array(MAILBOX_LEN), { status }), () => fetchMailbox(receipt)),
      new RegExp(String(status)),
    );
  const sealed = await withResponse(new Response(new Uint8Array(MAILBOX_LEN)), () => fetchMailbox(receipt));
  assert.equal(sealed.length, MAILBOX_LEN);
});

test("only bytes that are sealed to another receipt are an absent mailbox", async () => {
  const own = await recipientOf(receipt.mailboxIdentity());
  const other = await recipientOf(new Receipt(new Uint8Array(16).fill(1)).mailboxIdentity());
  await assert.rejects(openInbox(receipt, await seal(other, new Uint8Array(30_000)), directory), WrongRecipientError);
  const zeros = new Uint8Array(MAILBOX_LEN);
  const sealed = await seal(own, new Uint8Array(30_000));
  const changed = sealed.slice();
  changed[sealed.length - 1]! ^= 1;
  for (const damaged of [zeros, sealed, sealed.subarray(0, 20_000), sealed.subarray(0, 100), changed])
    await assert.rejects(openInbox(receipt, damaged, directory), DamagedMailboxError);
});

test("a count above the largest text is shown with its own number", () => {
  const counted = { sent: ["none", "one", "2 of 2"] };
  const form = { counted } as unknown as OfflineForm;
  assert.deepEqual(
    [0, 1, 2, 3, 40].map((count) => translateCount(form, "sent", count)),
    ["none", "one", "2 of 2", "3 of 2", "40 of 2"],
  );
  assert.equal(translateCount(form, "unknown", 1), "");
});

test("only weeks that exist are weeks, as in the Rust implementation", () => {
  for (const written of ["2026-W01", "2026-W48", "2026-W53", "2024-W52", "0000-W52"]) assert.equal(week(written), written);
  for (const written of ["", "x", "2026-W00", "2026-W54", "2025-W53", "2027-W53", "0000-W53", "2026-W5", "2026-w05", "26-W05", "2026-W05\n"])
    assert.throws(() => week(written), /not a week/, written);
});

test("a page takes a newer directory of its installation, and no other one", async () => {
  const { document, trust, rootKeys } = world;
  const today = new Date().toISOString().slice(0, 10);
  const later = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const two = rootKeys.slice(0, 2);
  const valid = { ...document, issued: today, expires: later(20) };
  const known = verifyDirectory(valid, two, trust, today);
  const { fetch } = globalThis;
  const epochAfter = async (change: Partial<typeof document>, keys = two, program?: string) => {
    const { bytes, signatures } = signDirectory({ ...valid, ...change }, keys);
    globalThis.fetch = (path) => Promise.resolve(path === "/directory.json" ? new Response(bytes) : Response.json(signatures));
    return (await fetchNewerDirectory(known, program)).document.epoch;
  };
  try {
    assert.equal(await epochAfter({}), valid.epoch);
    assert.equal(await epochAfter({ epoch: valid.epoch + 1 }), valid.epoch + 1);
    // Older, insufficiently signed, expired, of another installation, without the program.
    const newer = { epoch: valid.epoch + 1 };
    assert.equal(await epochAfter({ epoch: valid.epoch - 1, members: [] }), valid.epoch);
    assert.equal(await epochAfter(newer, rootKeys.slice(0, 1)), valid.epoch);
    assert.equal(await epochAfter({ ...newer, issued: later(-20), expires: later(-1) }), valid.epoch);
    assert.equal(await epochAfter({ ...newer, instance: "00000000-9abc-4def-8123-456789abcdef" }), valid.epoch);
    const programs = [directory.hash];
    assert.equal(await epochAfter({ ...newer, programs }), valid.epoch);
    assert.equal(await epochAfter({ ...newer, programs }, two, directory.hash), valid.epoch + 1);
    globalThis.fetch = () => Promise.reject(new TypeError("offline"));
    assert.equal((await fetchNewerDirectory(known, undefined)).document.epoch, valid.epoch);
  } finally {
    globalThis.fetch = fetch;
  }
});
