// What the pages ask of the server: whom to seal to, the words of receipts, mailboxes.
import { encode, type Bytes } from "../bytes.ts";
import { VerifiedDirectory, type RootSignature, type TrustAnchor } from "../directory.ts";
import type { Receipt } from "../receipt.ts";

const WORD_LIST_LANGS = ["fr", "en", "es", "pt"];

async function fetchOk(path: string): Promise<Response> {
  const response = await fetch(path, { credentials: "omit" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** The directory in force, verified. */
export async function fetchDirectory(): Promise<VerifiedDirectory> {
  const [bytes, signatures, trust] = await Promise.all([
    fetchOk("/directory.json").then((response) => response.arrayBuffer()),
    fetchOk("/directory.sig").then((response) => response.json() as Promise<RootSignature[]>),
    fetchOk("/directory.trust").then((response) => response.json() as Promise<TrustAnchor>),
  ]);
  return VerifiedDirectory.verify(new Uint8Array(bytes), signatures, trust, new Date().toISOString().slice(0, 10));
}

/** The words of a language, or those of the language that stands in for it: the same as `envelope::receipt`. */
export async function fetchWordList(lang: string): Promise<string[]> {
  const known = WORD_LIST_LANGS.includes(lang) ? lang : lang === "ar" ? "fr" : "en";
  const words = (await (await fetchOk(`/words/${known}`)).text()).split("\n");
  if (words.length !== 2048) throw new Error("not a list of 2,048 words");
  return words;
}

export const fetchWordLists = (): Promise<string[][]> => Promise.all(WORD_LIST_LANGS.map(fetchWordList));

/** The bytes under a receipt: a mailbox, or what looks like one. */
export async function fetchMailbox(receipt: Receipt): Promise<Bytes> {
  const response = await fetch("/api/mailbox", {
    method: "POST",
    credentials: "omit",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ locator: encode(receipt.locator()) }),
  });
  if (!response.ok) throw new Error(`/api/mailbox: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
