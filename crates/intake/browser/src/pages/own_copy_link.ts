// The link that saves an own copy.
import type { Bytes } from "../bytes.ts";
import { createElement } from "./dom.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

/** Returns the link to the file, and what the reporter must know about it. */
export function offerOwnCopy(offlineForm: OfflineForm, sealed: Bytes): HTMLElement[] {
  const letters = Array.from(sealed, (byte) => String.fromCharCode(byte)).join("");
  const href = `data:application/octet-stream;base64,${btoa(letters)}`;
  const link = createElement("a", { class: "quiet save", download: "copy.bin", href }, translate(offlineForm, "own-save"));
  const hint = (key: string) => createElement("p", { class: "hint" }, translate(offlineForm, key));
  return [createElement("p", {}, link), hint("own-apart"), hint("own-found")];
}
