// Shared fixtures of the tests.
import { wordlist as english } from "@scure/bip39/wordlists/english.js";
import { wordlist as french } from "@scure/bip39/wordlists/french.js";
import { wordlist as portuguese } from "@scure/bip39/wordlists/portuguese.js";
import { wordlist as spanish } from "@scure/bip39/wordlists/spanish.js";
import { readFileSync } from "node:fs";
import { recipientOf } from "../../src/age.ts";
import { type AgeIdentity, identity } from "../../src/recipients.ts";
import { type Bytes, encode, random, utf8 } from "../../src/bytes.ts";
import { VerifiedDirectory, type DirectoryDesk, type DirectoryDocument, type TrustAnchor } from "../../src/directory.ts";
import { sign } from "../../src/keys.ts";
import { ed25519 } from "@noble/curves/ed25519.js";

export const lists = { fr: french, en: english, es: spanish, pt: portuguese };

/** Test vectors that the Rust implementation wrote. */
export const vectors = JSON.parse(readFileSync(`${process.cwd()}/../../protocol/vectors.json`, "utf8"));

/** A small installation: two desks, an oversight body, and the keys of all. */
export interface TestWorld {
  directory: VerifiedDirectory;
  document: DirectoryDocument;
  trust: TrustAnchor;
  rootKeys: Bytes[];
  transport: AgeIdentity;
  people: Record<string, AgeIdentity>;
}

export const TODAY = "2026-11-23";

export async function createTestWorld(): Promise<TestWorld> {
  const transport = identity(random(32));
  const people: Record<string, AgeIdentity> = {};
  const members = [];
  for (const handle of ["awa", "bila", "coumba", "dao", "eva", "fofana"]) {
    people[handle] = identity(random(32));
    const units = handle === "bila" ? ["regional"] : [];
    const device = encode(ed25519.getPublicKey(random(32)));
    members.push({ handle, recipient: (await recipientOf(people[handle]!)).text, device, units, languages: ["fr"] });
  }
  const desk = (id: string, members: string[], categories: string[]): DirectoryDesk => ({
    id,
    labels: { en: id },
    categories,
    audiences: [],
    members,
    units: [],
  });
  const document: DirectoryDocument = {
    v: 1,
    instance: "12345678-9abc-4def-8123-456789abcdef",
    epoch: 3,
    previous: null,
    issued: TODAY,
    expires: "2026-12-20",
    transport: [(await recipientOf(transport)).text],
    handler_key: encode(ed25519.getPublicKey(random(32))),
    log: { epoch: 1, witnesses: [], quorum: { oversight: 1, witnesses: 0 } },
    members,
    desks: [
      desk("internal_affairs", ["awa", "bila", "coumba"], ["FAC", "EXT"]),
      desk("hr_integrity", ["coumba", "dao"], ["SEX"]),
      desk("external", ["eva", "fofana"], []),
    ],
    oversight: "external",
    programs: [],
  };
  const rootKeys = [random(32), random(32), random(32)];
  const roots = rootKeys.map((key) => encode(ed25519.getPublicKey(key)));
  const trust = { instance: document.instance, threshold: 2, roots };
  return { directory: verifyDirectory(document, rootKeys.slice(0, 2), trust), document, trust, rootKeys, transport, people };
}

export function signDirectory(document: DirectoryDocument, keys: Bytes[]) {
  const bytes = utf8(JSON.stringify(document));
  const signatures = keys.map((key) => ({
    key: encode(ed25519.getPublicKey(key)),
    signature: encode(sign(key, "burkindi/directory/v1\0", bytes)),
  }));
  return { bytes, signatures };
}

export function verifyDirectory(document: DirectoryDocument, keys: Bytes[], trust: TrustAnchor, today = TODAY): VerifiedDirectory {
  const { bytes, signatures } = signDirectory(document, keys);
  return VerifiedDirectory.verify(bytes, signatures, trust, today);
}
