// The requests of the pages to the server: word lists and mailboxes.
import { encode, text, type Bytes } from "../bytes.ts";
import type { Receipt } from "../receipt.ts";
import type { ProgramFiles } from "./program_files.ts";

/** Returns the list of words that spells receipts in a language of the pages. */
export async function fetchWordList(files: ProgramFiles, lang: string): Promise<string[]> {
  const words = text(await files.fetch(`/words/${lang}`)).split("\n");
  if (words.length !== 2048) throw new Error("not a list of 2,048 words");
  return words;
}

export const fetchWordLists = (files: ProgramFiles, langs: readonly string[]): Promise<string[][]> =>
  Promise.all(langs.map((lang) => fetchWordList(files, lang)));

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
