// The list of chosen files: what happens to each, and buttons to decide about it.
import { TOP } from "../ladder.ts";
import type { Washed } from "../traces/washed.ts";
import { type Trace, inOrder } from "../treatment.ts";
import { ChosenFile } from "./chosen_file.ts";
import { all, make, one, settle } from "./dom.ts";
import { type Kit, say } from "./kit.ts";

/** Lists files as they are chosen, and examines them; lists them again as the reporter decides to keep them as they are, or not to. */
export function watchFiles(kit: () => Kit): void {
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement)) return;
    const input = target.name === "keep" && target.form ? one<HTMLInputElement>("input[type=file]", target.form) : target;
    if (input?.type === "file") list(kit(), input);
  });
}

/** Does the reporter want the files of this form to be kept exactly as they are? */
export const keeps = (form: HTMLFormElement | null): boolean => (form && one<HTMLInputElement>("input[name=keep]", form)?.checked) ?? false;

function list(kit: Kit, input: HTMLInputElement): void {
  one(".chosen", input.parentElement!)?.remove();
  const items = Array.from(input.files ?? [], (file) => itemOf(kit, input, ChosenFile.of(file)));
  if (items.length > 0) input.after(make("div", { class: "chosen", role: "status" }, make("ul", { class: "washed" }, ...items)));
  settleFiles(kit);
}

function itemOf(kit: Kit, input: HTMLInputElement, chosen: ChosenFile): HTMLElement {
  const item = make("li", { id: chosen.id, tabindex: "-1" });
  fill(kit, input, chosen, item, [line(kit, "file-looking")]);
  const kept = keeps(input.form);
  // What is kept as it is must be readable as well.
  void chosen.washed().then(
    (washed) =>
      kept
        ? fill(kit, input, chosen, item, [toldOfKept(kit, chosen.file)])
        : fill(kit, input, chosen, item, told(kit, washed), washed.content === undefined ? "picture" : undefined),
    () => fill(kit, input, chosen, item, [line(kit, "file-unreadable")], "unreadable"),
  );
  return item;
}

/** Shows on the page that a file cannot be read. */
export function showUnreadable(kit: Kit, input: HTMLInputElement, chosen: ChosenFile): void {
  const item = document.getElementById(chosen.id);
  if (item) fill(kit, input, chosen, item, [line(kit, "file-unreadable")], "unreadable");
}

/** Of an item while the reporter has to decide about its file. */
const OPEN = "data-open";

/** What the reporter has to decide about a file. */
type Open = "picture" | "unreadable";

function fill(kit: Kit, input: HTMLInputElement, chosen: ChosenFile, item: Element, lines: HTMLElement[], open?: Open): void {
  const buttons = make("p", { class: "act" });
  item.toggleAttribute(OPEN, open !== undefined);
  const add = (key: string, act: (button: HTMLElement) => void) => {
    const label = say(kit, key);
    const button = make("button", { type: "button", class: "quiet", "aria-label": `${label} – ${chosen.file.name}` }, label);
    button.addEventListener("click", () => act(button));
    buttons.append(button);
    return button;
  };
  if (open === "picture") {
    const press = (button: HTMLElement) => {
      button.setAttribute("aria-pressed", String(chosen.sendsAsItIs));
      item.toggleAttribute(OPEN, !chosen.sendsAsItIs);
    };
    press(
      add("file-as-it-is", (button) => {
        chosen.sendsAsItIs = !chosen.sendsAsItIs;
        press(button);
        settleFiles(kit);
      }),
    );
  }
  if (open === "unreadable") add("file-again", () => chooseAgain(kit, input, chosen));
  add("file-left-out", () => leaveOut(kit, input, chosen, item));
  item.replaceChildren(make("b", {}, make("bdi", {}, chosen.file.name)), ...lines, buttons);
}

const line = (kit: Kit, key: string, values = {}): HTMLElement => make("span", {}, say(kit, key, values));

function toldOfKept(kit: Kit, file: File): HTMLElement {
  return line(kit, file.size === 0 ? "washed-empty" : file.size > TOP ? "send-too-large" : "file-kept");
}

function told(kit: Kit, washed: Washed): HTMLElement[] {
  if (washed.reading === "empty") return [line(kit, "washed-empty")];
  if (!washed.content) return [line(kit, "file-failed")];
  if (washed.redrawn) return [line(kit, "file-redrawn")];
  if (washed.content.size > TOP) return [line(kit, "send-too-large")];
  const traces = (found: Set<Trace>) =>
    inOrder(found).map((trace) => say(kit, `trace-${trace}`)).join(kit.lang === "ar" ? "، " : ", ");
  const lines: HTMLElement[] = [];
  if (washed.removed.size > 0) lines.push(line(kit, "washed-removed", { what: traces(washed.removed) }));
  if (washed.left.size > 0) lines.push(line(kit, "washed-left", { what: traces(washed.left) }));
  if (washed.signature !== "absent") lines.push(line(kit, washed.signature === "kept" ? "washed-signed" : "washed-signature-broken"));
  const unclean = washed.reading !== "whole";
  if (unclean) lines.push(line(kit, "file-unknown"));
  // A recording or a film has no page to take a photo of.
  if (washed.sort === "document" && (washed.left.size > 0 || unclean)) lines.push(line(kit, "washed-advice"));
  return lines.length > 0 ? lines : [line(kit, "washed-nothing")];
}

/** Takes a file out of the list. The others stay. */
function leaveOut(kit: Kit, input: HTMLInputElement, chosen: ChosenFile, item: Element): void {
  put(input, (file) => (file === chosen.file ? [] : [file]));
  const near = item.nextElementSibling ?? item.previousElementSibling;
  const place = near ? one<HTMLElement>("button", near) : input;
  if (near) item.remove();
  else item.closest(".chosen")?.remove();
  settleFiles(kit);
  place?.focus();
}

/** Opens the device's file dialog, and puts the file that is chosen there in the place of this one. */
function chooseAgain(kit: Kit, input: HTMLInputElement, chosen: ChosenFile): void {
  const picker = make("input", { type: "file", hidden: "" });
  const replace = (event: Event) => {
    // It is no file of the form by itself.
    event.stopPropagation();
    const file = picker.files?.[0];
    picker.remove();
    if (!file) return;
    put(input, (one) => [one === chosen.file ? file : one]);
    const item = itemOf(kit, input, ChosenFile.of(file));
    document.getElementById(chosen.id)?.replaceWith(item);
    settleFiles(kit);
    item.focus();
  };
  picker.addEventListener("change", replace);
  picker.addEventListener("cancel", () => picker.remove());
  // Some browsers open no dialog for an input outside the page.
  document.body.append(picker);
  picker.click();
}

/** Puts other files into the form. */
function put(input: HTMLInputElement, change: (file: File) => File[]): void {
  const files = new DataTransfer();
  for (const file of Array.from(input.files ?? []).flatMap(change)) files.items.add(file);
  input.files = files.files;
}

/** Takes errors about files out of the summary once they are decided, and the summary with the last of them. */
function settleFiles(kit: Kit): void {
  for (const link of all<HTMLAnchorElement>(".wrong[role=alert] a[href^='#file-']")) {
    const item = document.getElementById(link.hash.slice(1));
    if (!item?.hasAttribute(OPEN)) link.closest("li")?.remove();
  }
  const summary = one(".wrong[role=alert]");
  if (summary && one("ul", summary) && !one("li", summary)) settle(kit);
}
