// Shows the receipt once the report is stored.
import type { Bytes } from "../bytes.ts";
import { ProgramMismatchError } from "../program.ts";
import type { Receipt } from "../receipt.ts";
import { showAlteredProgram } from "./altered_program.ts";
import { createElement, queryOne, showPage } from "./dom.ts";
import type { OfflineForm } from "./offline_form.ts";
import { offerOwnCopy } from "./own_copy_link.ts";
import type { ProgramFiles } from "./program_files.ts";
import { loadModule } from "./modules.ts";
import { fetchWordList } from "./service.ts";

/** What the page shows after sending. */
export interface SentReport {
  receipt: Receipt;
  /** The words of the language, or undefined if they did not load. */
  words: Promise<string[] | undefined>;
  /** The own copy, if the reporter wanted one. */
  ownCopy?: Bytes | undefined;
  /** The sentence about the first answer. */
  answer: string | null;
}

/** Delays before the word list is fetched again, in milliseconds. */
const RETRY_DELAYS_MS = [2000, 8000, 30_000];

/**
 * Shows the code at once, and the words and the QR code when they have loaded. Until then the page
 * does not mention them. `sealing` is the key of the sentence that states who sealed.
 */
export async function showReceipt(offlineForm: OfflineForm, files: ProgramFiles, sealing: string, { receipt, words, ownCopy, answer }: SentReport): Promise<void> {
  showPage(offlineForm, offlineForm.pages["receipt"], sealing);
  // First, because there is no other copy of the code.
  const groups = receipt.code().split("-").flatMap((group) => [createElement("span", {}, group), " "]);
  queryOne(".code")?.replaceChildren(...groups);
  const next = queryOne(".answer");
  if (next && answer !== null) next.textContent = answer;
  if (ownCopy) queryOne(".ticket")?.after(createElement("section", { class: "screen own-copy" }, ...offerOwnCopy(offlineForm, ownCopy)));
  void showQr(receipt);
  const [heading, list] = [queryOne(".of-words"), queryOne(".words")];
  for (const part of [heading, list]) part?.setAttribute("hidden", "");
  offerDownload([receipt.code()]);
  const found = (await words) ?? (await retryFetchWords(files, offlineForm.lang, list));
  if (!found || !list?.isConnected) return;
  list.replaceChildren(...receipt.words(found).split(" ").map((word) => createElement("li", {}, word)));
  for (const part of [heading, list]) part?.removeAttribute("hidden");
  offerDownload([receipt.code(), receipt.words(found)]);
}

/** Shows the QR code once its module has loaded. */
async function showQr(receipt: Receipt): Promise<void> {
  const [image, use] = [queryOne(".qr"), queryOne(".qr-use")];
  const [svg, folded] = [queryOne<SVGElement>(".qr svg"), image?.closest("details")];
  folded?.setAttribute("hidden", "");
  for (const wait of [0, ...RETRY_DELAYS_MS]) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!svg?.isConnected) return;
    try {
      (await loadModule("qr")).drawQr(svg, receipt.code());
    } catch (error) {
      if (!(error instanceof ProgramMismatchError)) continue;
      // Another QR code could lead anywhere. The code is right, because this device computed it.
      showAlteredProgram();
      return;
    }
    for (const element of [image, use, folded]) element?.removeAttribute("hidden");
    return;
  }
}

async function retryFetchWords(files: ProgramFiles, lang: string, list: Element | null): Promise<string[] | undefined> {
  for (const wait of RETRY_DELAYS_MS) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!list?.isConnected) return undefined;
    try {
      return await fetchWordList(files, lang);
    } catch (error) {
      if (!(error instanceof ProgramMismatchError)) continue;
      // The code is right, because this device computed it. Other words would lead nowhere.
      showAlteredProgram();
      return undefined;
    }
  }
  return undefined;
}

/** Offers the receipt as a text file. */
function offerDownload(lines: string[]): void {
  const save = queryOne<HTMLAnchorElement>("a.save[download='reference.txt']");
  if (save) save.href = `data:text/plain;charset=utf-8,${encodeURIComponent([...lines, ""].join("\r\n\r\n"))}`;
  save?.parentElement?.removeAttribute("hidden");
}
