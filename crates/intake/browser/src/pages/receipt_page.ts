// The receipt, once the report is stored.
import type { Receipt } from "../receipt.ts";
import { make, one, show } from "./dom.ts";
import type { Kit } from "./kit.ts";
import { drawQr } from "./qr.ts";
import { fetchWords } from "./service.ts";

/** When the words are asked for again that did not come, in milliseconds. */
const AGAIN = [2000, 8000, 30_000];

/** Shows the code at once, and the words as soon as they are here: until then nothing speaks of them. */
export async function showReceipt(kit: Kit, sealing: string, receipt: Receipt, words: Promise<string[] | undefined>, answer: string | null): Promise<void> {
  show(kit, kit.pages["receipt"]!, sealing);
  const next = one(".answer");
  if (next && answer !== null) next.textContent = answer;
  const groups = receipt.code().split("-").flatMap((group) => [make("span", {}, group), " "]);
  one(".code")?.replaceChildren(...groups);
  const qr = one<SVGElement>(".qr svg");
  if (qr) drawQr(qr, receipt.code());
  qr?.parentElement?.removeAttribute("hidden");
  const [heading, list] = [one(".of-words"), one(".words")];
  for (const part of [heading, list]) part?.setAttribute("hidden", "");
  offer([receipt.code()]);
  const found = (await words) ?? (await fetchAgain(kit, list));
  if (!found || !list?.isConnected) return;
  list.replaceChildren(...receipt.words(found).split(" ").map((word) => make("li", {}, word)));
  for (const part of [heading, list]) part?.removeAttribute("hidden");
  offer([receipt.code(), receipt.words(found)]);
}

async function fetchAgain(kit: Kit, list: Element | null): Promise<string[] | undefined> {
  for (const wait of AGAIN) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!list?.isConnected) return undefined;
    const words = await fetchWords(kit.lang).catch(() => undefined);
    if (words) return words;
  }
  return undefined;
}

/** The text file to be saved. */
function offer(lines: string[]): void {
  const save = one<HTMLAnchorElement>("a.save");
  if (save) save.href = `data:text/plain;charset=utf-8,${encodeURIComponent([...lines, ""].join("\r\n\r\n"))}`;
  save?.parentElement?.removeAttribute("hidden");
}
