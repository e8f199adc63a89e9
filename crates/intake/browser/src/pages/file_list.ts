// The list of chosen files: what happens to each, and buttons to decide about it.
import { MAX_SIZE } from "../size_classes.ts";
import type { ScrubReport } from "../metadata/scrub_report.ts";
import { type MetadataKind, inCanonicalOrder } from "../treatment.ts";
import { SelectedFile } from "./selected_file.ts";
import { queryAll, createElement, queryOne, clearErrors } from "./dom.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

/** Lists files as they are chosen, and examines them; lists them again as the reporter decides to keep them as they are, or not to. */
export function watchFiles(kit: () => OfflineForm): void {
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    const input = target.name === "keep" && target.form ? queryOne<HTMLInputElement>("input[type=file]", target.form) : target;
    if (input?.type === "file") renderList(kit(), input);
  });
}

/** Does the reporter want the files of this form to be kept exactly as they are? */
export const keepsOriginals = (form: HTMLFormElement | null): boolean => (form && queryOne<HTMLInputElement>("input[name=keep]", form)?.checked) ?? false;

function renderList(kit: OfflineForm, input: HTMLInputElement): void {
  queryOne(".chosen", input.parentElement!)?.remove();
  const items = Array.from(input.files ?? [], (file) => createItem(kit, input, SelectedFile.of(file)));
  if (items.length > 0) input.after(createElement("div", { class: "chosen", role: "status" }, createElement("ul", { class: "washed" }, ...items)));
  clearFileErrors(kit);
}

function createItem(kit: OfflineForm, input: HTMLInputElement, chosen: SelectedFile): HTMLElement {
  const item = createElement("li", { id: chosen.id, tabindex: "-1" });
  fillItem(kit, input, chosen, item, [textLine(kit, "file-looking")]);
  const kept = keepsOriginals(input.form);
  // What is kept as it is must be readable as well.
  void chosen.scrubbed().then(
    (washed) =>
      kept
        ? fillItem(kit, input, chosen, item, [describeKept(kit, chosen.file)])
        : fillItem(kit, input, chosen, item, describeScrubbed(kit, washed), washed.content === undefined ? "picture" : undefined),
    () => fillItem(kit, input, chosen, item, [textLine(kit, "file-unreadable")], "unreadable"),
  );
  return item;
}

/** Shows on the page that a file cannot be read. */
export function showUnreadable(kit: OfflineForm, input: HTMLInputElement, chosen: SelectedFile): void {
  const item = document.getElementById(chosen.id);
  if (item) fillItem(kit, input, chosen, item, [textLine(kit, "file-unreadable")], "unreadable");
}

/** Of an item while the reporter has to decide about its file. */
const OPEN_DECISION_ATTRIBUTE = "data-open";

/** What the reporter has to decide about a file. */
type OpenDecision = "picture" | "unreadable";

function fillItem(kit: OfflineForm, input: HTMLInputElement, chosen: SelectedFile, item: Element, lines: HTMLElement[], open?: OpenDecision): void {
  const buttons = createElement("p", { class: "act" });
  item.toggleAttribute(OPEN_DECISION_ATTRIBUTE, open !== undefined);
  const add = (key: string, act: (button: HTMLElement) => void) => {
    const label = translate(kit, key);
    const button = createElement("button", { type: "button", class: "quiet", "aria-label": `${label} – ${chosen.file.name}` }, label);
    button.addEventListener("click", () => act(button));
    buttons.append(button);
    return button;
  };
  if (open === "picture") {
    const press = (button: HTMLElement) => {
      button.setAttribute("aria-pressed", String(chosen.sendsAsItIs));
      item.toggleAttribute(OPEN_DECISION_ATTRIBUTE, !chosen.sendsAsItIs);
    };
    press(
      add("file-as-it-is", (button) => {
        chosen.sendsAsItIs = !chosen.sendsAsItIs;
        press(button);
        clearFileErrors(kit);
      }),
    );
  }
  if (open === "unreadable") add("file-again", () => replaceFile(kit, input, chosen));
  add("file-left-out", () => removeFile(kit, input, chosen, item));
  item.replaceChildren(createElement("b", {}, createElement("bdi", {}, chosen.file.name)), ...lines, buttons);
}

const textLine = (kit: OfflineForm, key: string, values = {}): HTMLElement => createElement("span", {}, translate(kit, key, values));

function describeKept(kit: OfflineForm, file: File): HTMLElement {
  return textLine(kit, file.size === 0 ? "washed-empty" : file.size > MAX_SIZE ? "send-too-large" : "file-kept");
}

function describeScrubbed(kit: OfflineForm, washed: ScrubReport): HTMLElement[] {
  if (washed.reading === "empty") return [textLine(kit, "washed-empty")];
  if (!washed.content) return [textLine(kit, "file-failed")];
  if (washed.redrawn) return [textLine(kit, "file-redrawn")];
  if (washed.content.size > MAX_SIZE) return [textLine(kit, "send-too-large")];
  const traces = (found: Set<MetadataKind>) =>
    inCanonicalOrder(found).map((trace) => translate(kit, `trace-${trace}`)).join(kit.lang === "ar" ? "، " : ", ");
  const lines: HTMLElement[] = [];
  if (washed.removed.size > 0) lines.push(textLine(kit, "washed-removed", { what: traces(washed.removed) }));
  if (washed.left.size > 0) lines.push(textLine(kit, "washed-left", { what: traces(washed.left) }));
  if (washed.signature !== "absent") lines.push(textLine(kit, washed.signature === "kept" ? "washed-signed" : "washed-signature-broken"));
  const unclean = washed.reading !== "whole";
  if (unclean) lines.push(textLine(kit, "file-unknown"));
  // A recording or a film has no page to take a photo of.
  if (washed.mediaClass === "document" && (washed.left.size > 0 || unclean)) lines.push(textLine(kit, "washed-advice"));
  return lines.length > 0 ? lines : [textLine(kit, "washed-nothing")];
}

/** Takes a file out of the list. The others stay. */
function removeFile(kit: OfflineForm, input: HTMLInputElement, chosen: SelectedFile, item: Element): void {
  updateFiles(input, (file) => (file === chosen.file ? [] : [file]));
  const near = item.nextElementSibling ?? item.previousElementSibling;
  const place = near ? queryOne<HTMLElement>("button", near) : input;
  if (near) item.remove();
  else item.closest(".chosen")?.remove();
  clearFileErrors(kit);
  place?.focus();
}

/** Opens the device's file dialog, and puts the file that is chosen there in the place of this one. */
function replaceFile(kit: OfflineForm, input: HTMLInputElement, chosen: SelectedFile): void {
  const picker = createElement("input", { type: "file", hidden: "" });
  const replace = (event: Event) => {
    // It is no file of the form by itself.
    event.stopPropagation();
    const file = picker.files?.[0];
    picker.remove();
    if (!file) return;
    updateFiles(input, (one) => [one === chosen.file ? file : one]);
    const item = createItem(kit, input, SelectedFile.of(file));
    document.getElementById(chosen.id)?.replaceWith(item);
    clearFileErrors(kit);
    item.focus();
  };
  picker.addEventListener("change", replace);
  picker.addEventListener("cancel", () => picker.remove());
  // Some browsers open no dialog for an input outside the page.
  document.body.append(picker);
  picker.click();
}

/** Puts other files into the form. */
function updateFiles(input: HTMLInputElement, change: (file: File) => File[]): void {
  const files = new DataTransfer();
  for (const file of Array.from(input.files ?? []).flatMap(change)) files.items.add(file);
  input.files = files.files;
}

/** Takes errors about files out of the summary once they are decided, and the summary with the last of them. */
function clearFileErrors(kit: OfflineForm): void {
  for (const link of queryAll<HTMLAnchorElement>(".wrong[role=alert] a[href^='#file-']")) {
    const item = document.getElementById(link.hash.slice(1));
    if (!item?.hasAttribute(OPEN_DECISION_ATTRIBUTE)) link.closest("li")?.remove();
  }
  const summary = queryOne(".wrong[role=alert]");
  if (summary && queryOne("ul", summary) && !queryOne("li", summary)) clearErrors(kit);
}
