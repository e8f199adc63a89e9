// The requests of the pages to the server: word lists and mailboxes.
import { encode, text, type Bytes } from "../bytes.ts";
import type { Receipt } from "../receipt.ts";
import type { VerifiedDirectory } from "../directory.ts";
import type { HashText } from "../hash.ts";
import { fetchBytes, fetchSignatures } from "./fetch_ok.ts";
import type { ProgramFiles } from "./program_files.ts";

/**
 * Returns the list of words that spells receipts in a language of the pages. The browser may store
 * it, as for every visitor of the form.
 */
export async function fetchWordList(files: ProgramFiles, lang: string, cache?: RequestCache): Promise<string[]> {
  const words = text(await files.fetch(`/words/${lang}`, cache)).split("\n");
  if (words.length !== 2048) throw new Error("not a list of 2,048 words");
  return words;
}

/**
 * Returns all lists, for a typed receipt. The browser stores none of them: in its cache, they would
 * show that its user has a receipt.
 */
export const fetchWordLists = (files: ProgramFiles, langs: readonly string[]): Promise<string[][]> =>
  Promise.all(langs.map((lang) => fetchWordList(files, lang, "no-store")));

/** Length of every mailbox in bytes, real or decoy. */
const MAILBOX_LEN = 32 * 1024;

/**
 * Returns the bytes for a receipt: a mailbox or a decoy. Throws if the response is not a mailbox. A
 * truncated response would not show whether the receipt is right.
 */
export async function fetchMailbox(receipt: Receipt): Promise<Bytes> {
  const sealed = await fetchBytes("/api/mailbox", {
    method: "POST",
    credentials: "omit",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ locator: encode(receipt.locator()) }),
  });
  if (sealed.length !== MAILBOX_LEN) throw new Error(`/api/mailbox: ${sealed.length} bytes instead of ${MAILBOX_LEN}`);
  return sealed;
}

/**
 * Returns the newest directory. The known one stays in use if the service serves none that is
 * newer, valid today, and lists this program: it was valid when the page was opened.
 */
export async function fetchNewerDirectory(known: VerifiedDirectory, program: HashText | undefined): Promise<VerifiedDirectory> {
  try {
    const unstored = { cache: "no-cache" } as const;
    const [content, signatures] = await Promise.all([fetchBytes("/directory.json", unstored), fetchSignatures(unstored)]);
    const newest = known.newer(content, signatures, new Date().toISOString().slice(0, 10));
    const { programs } = newest.document;
    return programs.length === 0 || programs.includes(program ?? "") ? newest : known;
  } catch {
    return known;
  }
}
