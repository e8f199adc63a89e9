// Keeps and continues a draft of a report. Nothing is sent, and nothing is stored by itself: the
// reporter saves a file or copies an address.
import { decode, encode } from "../bytes.ts";
import { type DraftContent, DraftError, MAX_DRAFT_LEN, drawSecret, openDraft, sealDraft } from "../draft.ts";
import { ReceiptError, parseWords, spellWords } from "../typed_receipt.ts";
import { createElement } from "./dom.ts";
import { FRAGMENT } from "./draft_address.ts";
import { type TextOf, offerNearestWord, receiptErrorText } from "./receipt_errors.ts";

/** What the pages of a report offer to this module. */
export interface DraftPages {
  text: TextOf;
  /** The answers typed so far. */
  content(): DraftContent;
  restore(content: DraftContent): void;
  /** The words of the language of the page. */
  fetchWords(): Promise<string[]>;
  /** The words of all languages. */
  fetchLists(): Promise<string[][]>;
}

/** Longer addresses do not survive every program that they are copied into. */
const MAX_ADDRESS_LEN = 4000;

/** Shows the words, the file and, if it is short enough, the address of a new draft. */
export async function showKeeping(place: HTMLElement, pages: DraftPages): Promise<void> {
  const words = await pages.fetchWords();
  const secret = drawSecret();
  const sealed = sealDraft(secret, pages.content());
  const hint = (key: string) => createElement("p", { class: "hint" }, pages.text(key));
  const listed = spellWords(secret, words).map((word) => createElement("li", {}, word));
  const save = createElement("a", { class: "quiet save", download: "draft.bin", href: `data:application/octet-stream;base64,${base64(sealed)}` }, pages.text("draft-save"));
  const parts: HTMLElement[] = [
    createElement("p", {}, pages.text("draft-what")),
    createElement("p", {}, createElement("b", {}, pages.text("draft-words"))),
    createElement("div", { class: "notranslate" }, createElement("ol", { class: "words", translate: "no", dir: "ltr" }, ...listed)),
    hint("draft-words-why"),
    createElement("p", {}, save),
    hint("draft-found"),
  ];
  const address = `${location.origin}${location.pathname.split("/").slice(0, 3).join("/")}${FRAGMENT}${encode(sealed)}`;
  if (address.length <= MAX_ADDRESS_LEN) {
    const field = createElement("input", { id: "draft-address", readonly: "", dir: "ltr", autocomplete: "off", autocorrect: "off", autocapitalize: "off", spellcheck: "false", "aria-describedby": "h-draft-address" });
    field.value = address;
    field.addEventListener("focus", () => field.select());
    const label = createElement("label", { for: field.id }, pages.text("draft-address"));
    parts.push(createElement("div", { class: "q" }, label, createElement("p", { class: "hint", id: "h-draft-address" }, pages.text("draft-address-what")), field));
  }
  parts.push(hint("draft-again"));
  showParts(place, parts);
}

/** Shows the fields that open a draft. `fragment` is that of the address, or empty. */
export function showContinuing(place: HTMLElement, pages: DraftPages, fragment: string): void {
  const file = createElement("input", { type: "file", id: "draft-file", "aria-describedby": "h-draft-file" });
  const words = createElement("textarea", { class: "typed", id: "draft-words", rows: "2", autocapitalize: "off", autocorrect: "off", spellcheck: "false", autocomplete: "off" });
  const error = createElement("p", { class: "error", role: "alert", tabindex: "-1" });
  const button = createElement("button", { class: "button", type: "button" }, pages.text("draft-open"));
  const label = (field: HTMLElement, key: string) => createElement("label", { for: field.id }, pages.text(key));
  const fileHint = createElement("p", { class: "hint", id: "h-draft-file" }, pages.text("return-file-stays"));
  const parts = [createElement("div", { class: "q" }, label(words, "draft-words-label"), words), createElement("p", { class: "hint" }, pages.text("draft-replaces")), createElement("p", { class: "buttons" }, button)];
  if (!fragment.startsWith(FRAGMENT)) parts.unshift(createElement("div", { class: "q" }, label(file, "draft-file"), fileHint, file));
  const openTyped = () => {
    button.disabled = true;
    place.querySelectorAll(".error, .nearest").forEach((shown) => shown.remove());
    open(pages, words.value, () => readSealed(fragment, file))
      .catch((problem: unknown) => {
        error.textContent = errorText(pages, problem);
        button.parentElement?.before(error);
        if (problem instanceof ReceiptError) offerNearestWord(pages.text, words, problem, openTyped);
        error.focus();
      })
      .finally(() => (button.disabled = false));
  };
  button.addEventListener("click", openTyped);
  showParts(place, parts);
}

async function open(pages: DraftPages, typed: string, read: () => Promise<Uint8Array>): Promise<void> {
  const sealed = await read();
  pages.restore(openDraft(parseWords(typed, await pages.fetchLists()), sealed));
}

/** Returns what is wrong: the words as typed, the file or its words, or the connection. */
function errorText(pages: DraftPages, problem: unknown): string {
  if (problem instanceof ReceiptError) return receiptErrorText(pages.text, problem);
  return pages.text(problem instanceof DraftError ? "draft-wrong" : "draft-failed");
}

async function readSealed(fragment: string, field: HTMLInputElement): Promise<Uint8Array> {
  if (fragment.startsWith(FRAGMENT)) {
    try {
      return decode(fragment.slice(FRAGMENT.length));
    } catch {
      throw new DraftError("not the address of a draft");
    }
  }
  const file = field.files?.[0];
  if (!file || file.size > MAX_DRAFT_LEN) throw new DraftError("no file of a draft");
  return new Uint8Array(await file.arrayBuffer());
}

/** Replaces everything in the place except its summary. */
function showParts(place: HTMLElement, parts: HTMLElement[]): void {
  const summary = place.querySelector("summary");
  place.replaceChildren(...(summary ? [summary] : []), ...parts);
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
