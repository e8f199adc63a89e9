// What a page says about a mistyped receipt, or about the words of a draft, as the server does.
import { type ReceiptError, WORD_COUNT, withNearestWord } from "../typed_receipt.ts";
import { createElement } from "./dom.ts";

/** Returns a text of the page with its values. */
export type TextOf = (key: string, values?: Record<string, string | number | undefined>) => string;

/** Returns the error text. */
export function receiptErrorText(textOf: TextOf, { problem }: ReceiptError): string {
  // Among labels, the position of a word is not its number on the receipt.
  const key = problem.kind === "word" && problem.count === WORD_COUNT ? "place" : problem.kind;
  return textOf(`wrong-receipt-${key}`, { ...problem });
}

/**
 * Shows the nearest word of the list for an unknown one below the field, with a button that takes
 * it and then calls `retry`.
 */
export function offerNearestWord(textOf: TextOf, field: HTMLTextAreaElement, { problem }: ReceiptError, retry: () => void): void {
  const corrected = withNearestWord(field.value, problem);
  if (corrected === undefined || problem.kind !== "word") return;
  const text = (key: string) => textOf(`wrong-receipt-${key}`, { near: problem.near });
  const take = createElement("button", { class: "quiet", type: "button" }, text("take"));
  take.addEventListener("click", () => {
    field.value = corrected;
    retry();
  });
  field.after(createElement("p", { class: "nearest notranslate", translate: "no" }, `${text("near")} `, take));
}
