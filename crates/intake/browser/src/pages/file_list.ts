// The list of chosen files, with what happens to each file and buttons to decide about it.
import { MAX_SIZE } from "../size_classes.ts";
import type { ScrubReport } from "../metadata/scrub_report.ts";
import { type MetadataKind, inCanonicalOrder } from "../treatment.ts";
import { SelectedFile } from "./selected_file.ts";
import { queryAll, createElement, queryOne, clearErrors } from "./dom.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

/**
 * Lists and checks files when they are chosen. Lists them again when the reporter decides whether
 * to keep them unchanged.
 */
export function watchFiles(offlineForm: () => OfflineForm): void {
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    const input = target.name === "keep" && target.form ? queryOne<HTMLInputElement>("input[type=file]", target.form) : target;
    // A saved code, an own copy and a draft are read here, and not sent.
    if (input?.type === "file" && input.name === "files") renderList(offlineForm(), input);
  });
  // Chosen before the module was loaded.
  const chosen = queryAll<HTMLInputElement>("main input[type=file]").filter((input) => input.files?.length);
  chosen.forEach((input) => renderList(offlineForm(), input));
}

/** Returns whether the reporter wants all files of this form to be retained unchanged. */
export const keepsOriginals = (form: HTMLFormElement | null): boolean => (form && queryOne<HTMLInputElement>("input[name=keep]", form)?.checked) ?? false;

function renderList(offlineForm: OfflineForm, input: HTMLInputElement): void {
  queryOne(".chosen", input.parentElement!)?.remove();
  const items = Array.from(input.files ?? [], (file) => createItem(offlineForm, input, SelectedFile.of(file)));
  if (items.length > 0) input.after(createElement("div", { class: "chosen", role: "status" }, createElement("ul", { class: "scrubbed" }, ...items)));
  clearFileErrors(offlineForm);
}

function createItem(offlineForm: OfflineForm, input: HTMLInputElement, chosen: SelectedFile): HTMLElement {
  const item = createElement("li", { id: chosen.id, tabindex: "-1" });
  fillItem(offlineForm, input, chosen, item, [textLine(offlineForm, "file-looking")]);
  const kept = keepsOriginals(input.form);
  // A file that is retained unchanged must be readable as well.
  void chosen.scrubbed().then(
    (report) => {
      if (kept) return fillItem(offlineForm, input, chosen, item, [describeKept(offlineForm, chosen.file)]);
      const choice = report.content === undefined ? "picture" : report.reduced || chosen.keepsFullSize ? "size" : undefined;
      fillItem(offlineForm, input, chosen, item, describeScrubbed(offlineForm, report), choice);
    },
    () => fillItem(offlineForm, input, chosen, item, [textLine(offlineForm, "file-unreadable")], "unreadable"),
  );
  return item;
}

/** Shows on the page that a file cannot be read. */
export function showUnreadable(offlineForm: OfflineForm, input: HTMLInputElement, chosen: SelectedFile): void {
  const item = document.getElementById(chosen.id);
  if (item) fillItem(offlineForm, input, chosen, item, [textLine(offlineForm, "file-unreadable")], "unreadable");
}

/** Marks an item while the reporter has to decide about its file. */
const OPEN_DECISION_ATTRIBUTE = "data-open";

/** The decision about a file that the reporter has to make, or for the size of a photo can make. */
type Decision = "picture" | "unreadable" | "size";

function fillItem(offlineForm: OfflineForm, input: HTMLInputElement, chosen: SelectedFile, item: Element, lines: HTMLElement[], open?: Decision): void {
  const buttons = createElement("p", { class: "act" });
  item.toggleAttribute(OPEN_DECISION_ATTRIBUTE, open === "picture" || open === "unreadable");
  const add = (key: string, act: (button: HTMLElement) => void) => {
    const label = translate(offlineForm, key);
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
        clearFileErrors(offlineForm);
      }),
    );
  }
  if (open === "size") {
    const button = add("file-full-size", () => {
      chosen.keepsFullSize = !chosen.keepsFullSize;
      const drawn = createItem(offlineForm, input, chosen);
      item.replaceWith(drawn);
      drawn.focus();
    });
    button.setAttribute("aria-pressed", String(chosen.keepsFullSize));
  }
  if (open === "unreadable") add("file-again", () => replaceFile(offlineForm, input, chosen));
  add("file-left-out", () => removeFile(offlineForm, input, chosen, item));
  item.replaceChildren(createElement("b", {}, createElement("bdi", {}, chosen.file.name)), ...lines, buttons);
}

/** The lines about a file that can still identify the reporter, or that cannot be sent. */
const UNCLEAN_LINES = new Set([
  "file-failed", "file-kept", "file-unknown", "file-unreadable", "scrubbed-left", "scrubbed-signature-broken", "scrubbed-signed", "send-too-large",
]);

const textLine = (offlineForm: OfflineForm, key: string, values = {}): HTMLElement =>
  createElement("span", UNCLEAN_LINES.has(key) ? { class: "unclean" } : {}, translate(offlineForm, key, values));

function describeKept(offlineForm: OfflineForm, file: File): HTMLElement {
  return textLine(offlineForm, file.size === 0 ? "scrubbed-empty" : file.size > MAX_SIZE ? "send-too-large" : "file-kept");
}

function describeScrubbed(offlineForm: OfflineForm, report: ScrubReport): HTMLElement[] {
  if (report.reading === "empty") return [textLine(offlineForm, "scrubbed-empty")];
  if (!report.content) return [textLine(offlineForm, "file-failed")];
  if (report.redrawn) return [textLine(offlineForm, report.reduced ? "file-reduced" : "file-redrawn")];
  if (report.content.size > MAX_SIZE) return [textLine(offlineForm, "send-too-large")];
  const traces = (found: Set<MetadataKind>) =>
    inCanonicalOrder(found).map((trace) => translate(offlineForm, `trace-${trace}`)).join(translate(offlineForm, "list-separator"));
  const lines: HTMLElement[] = [];
  if (report.removed.size > 0) lines.push(textLine(offlineForm, "scrubbed-removed", { what: traces(report.removed) }));
  if (report.left.size > 0) lines.push(textLine(offlineForm, "scrubbed-left", { what: traces(report.left) }));
  if (report.signature !== "absent") lines.push(textLine(offlineForm, report.signature === "kept" ? "scrubbed-signed" : "scrubbed-signature-broken"));
  const isUnclean = report.reading !== "whole";
  if (isUnclean) lines.push(textLine(offlineForm, "file-unknown"));
  // Audio and video have no page to take a photo of.
  if (report.mediaClass === "document" && (report.left.size > 0 || isUnclean)) lines.push(textLine(offlineForm, "scrubbed-advice"));
  return lines.length > 0 ? lines : [textLine(offlineForm, "scrubbed-nothing")];
}

/** Removes a file from the list and keeps the others. */
function removeFile(offlineForm: OfflineForm, input: HTMLInputElement, chosen: SelectedFile, item: Element): void {
  updateFiles(input, (file) => (file === chosen.file ? [] : [file]));
  const near = item.nextElementSibling ?? item.previousElementSibling;
  const place = near ? queryOne<HTMLElement>("button", near) : input;
  if (near) item.remove();
  else item.closest(".chosen")?.remove();
  clearFileErrors(offlineForm);
  place?.focus();
}

/** Opens the file dialog and replaces this file by the chosen one. */
function replaceFile(offlineForm: OfflineForm, input: HTMLInputElement, chosen: SelectedFile): void {
  const picker = createElement("input", { type: "file", hidden: "" });
  const replace = (event: Event) => {
    // This input does not belong to the form.
    event.stopPropagation();
    const file = picker.files?.[0];
    picker.remove();
    if (!file) return;
    updateFiles(input, (one) => [one === chosen.file ? file : one]);
    const item = createItem(offlineForm, input, SelectedFile.of(file));
    document.getElementById(chosen.id)?.replaceWith(item);
    clearFileErrors(offlineForm);
    item.focus();
  };
  picker.addEventListener("change", replace);
  picker.addEventListener("cancel", () => picker.remove());
  // Some browsers open no dialog for an input outside the page.
  document.body.append(picker);
  picker.click();
}

/** Replaces the files of the form. */
function updateFiles(input: HTMLInputElement, change: (file: File) => File[]): void {
  const files = new DataTransfer();
  for (const file of Array.from(input.files ?? []).flatMap(change)) files.items.add(file);
  input.files = files.files;
}

/**
 * Removes errors about files from the summary once they are decided, and the summary with the last
 * of them.
 */
function clearFileErrors(offlineForm: OfflineForm): void {
  for (const link of queryAll<HTMLAnchorElement>(".wrong[role=alert] a[href^='#file-']")) {
    const item = document.getElementById(link.hash.slice(1));
    if (!item?.hasAttribute(OPEN_DECISION_ATTRIBUTE)) link.closest("li")?.remove();
  }
  const summary = queryOne(".wrong[role=alert]");
  if (summary && queryOne("ul", summary) && !queryOne("li", summary)) clearErrors(offlineForm);
}
