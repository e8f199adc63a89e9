// The requests of the pages to the server: the directory, word lists and mailboxes.
import { encode, type Bytes } from "../bytes.ts";
import { VerifiedDirectory, type RootSignature, type TrustAnchor } from "../directory.ts";
import type { Receipt } from "../receipt.ts";

async function fetchOk(path: string): Promise<Response> {
  const response = await fetch(path, { credentials: "omit" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** Returns the valid directory after verifying it. */
export async function fetchDirectory(): Promise<VerifiedDirectory> {
  const [bytes, signatures, trust] = await Promise.all([
    fetchOk("/directory.json").then((response) => response.arrayBuffer()),
    fetchOk("/directory.sig").then((response) => response.json() as Promise<RootSignature[]>),
    fetchOk("/directory.trust").then((response) => response.json() as Promise<TrustAnchor>),
  ]);
  return VerifiedDirectory.verify(new Uint8Array(bytes), signatures, trust, new Date().toISOString().slice(0, 10));
}

/** Returns the list of words that spells receipts in a language of the pages. */
export async function fetchWordList(lang: string): Promise<string[]> {
  const words = (await (await fetchOk(`/words/${lang}`)).text()).split("\n");
  if (words.length !== 2048) throw new Error("not a list of 2,048 words");
  return words;
}

export const fetchWordLists = (langs: readonly string[]): Promise<string[][]> => Promise.all(langs.map(fetchWordList));

/** Length of every mailbox in bytes, real or decoy. */
const MAILBOX_LEN = 32 * 1024;

/**
 * Returns the bytes for a receipt: a mailbox or a decoy. Throws if the response is not a mailbox. A
 * truncated response would not show whether the receipt is right.
 */
export async function fetchMailbox(receipt: Receipt): Promise<Bytes> {
  const response = await fetch("/api/mailbox", {
    method: "POST",
    credentials: "omit",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ locator: encode(receipt.locator()) }),
  });
  if (!response.ok) throw new Error(`/api/mailbox: ${response.status}`);
  const sealed = new Uint8Array(await response.arrayBuffer());
  if (sealed.length !== MAILBOX_LEN) throw new Error(`/api/mailbox: ${sealed.length} bytes instead of ${MAILBOX_LEN}`);
  return sealed;
}
