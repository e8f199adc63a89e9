// The files that were chosen: pictures are drawn anew, other files lose what tells who made them, and each is told about. All of it here.
import type { Source } from "../submission.ts";
import { type Washed, plainName, wash } from "../traces/wash.ts";
import type { Trace } from "../traces/rules.ts";
import { complain, make, one } from "./dom.ts";
import { type Kit, say } from "./kit.ts";
import { redraw } from "./redraw.ts";

const ORDER: Trace[] = ["author", "place", "date", "device", "words", "preview", "history", "other"];

/** What is known of a chosen file, and what the reporter decided where it could not be drawn. */
interface Looked {
  washed: Promise<Washed>;
  decided?: "as-it-is" | "left-out";
}

const looked = new WeakMap<File, Looked>();

/** Looks at files as they are chosen. */
export function watchFiles(kit: () => Kit): void {
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === "file") tell(kit(), target);
  });
}

/** The files to be sealed; null, and a complaint, while the reporter has to decide about one. */
export async function attachments(kit: Kit, form: HTMLFormElement): Promise<Source[] | null> {
  const files = Array.from(one<HTMLInputElement>("input[type=file]", form)?.files ?? []);
  if (one<HTMLInputElement>("input[name=keep]", form)?.checked) return files.map((file) => source(file.name, file.type, file));
  const sources: Source[] = [];
  for (const file of files) {
    const { washed, decided } = look(file);
    const ready = await washed;
    const content = ready.content ?? (decided === "as-it-is" ? file : undefined);
    if (content) sources.push(source(plainName(ready, sources.length + 1, file.name), content.type || file.type, content));
    else if (decided !== "left-out") {
      complain(kit, [{ target: "files", text: say(kit, "file-choose") }]);
      return null;
    }
  }
  return sources;
}

const source = (name: string, type: string, content: Blob): Source => ({
  name,
  mediaType: type === "" ? "application/octet-stream" : type,
  stream: () => content.stream(),
});

function look(file: File): Looked {
  const known = looked.get(file) ?? { washed: wash(file, redraw) };
  looked.set(file, known);
  return known;
}

/** Says of each file what happens to it. */
function tell(kit: Kit, input: HTMLInputElement): void {
  one(".washed", input.parentElement!)?.remove();
  const items = Array.from(input.files ?? [], (file) => {
    const item = make("li", {}, make("b", {}, make("bdi", {}, file.name)), make("span", {}, say(kit, "file-looking")));
    void look(file).washed.then((washed) => item.replaceChildren(item.firstChild!, ...told(kit, file, washed)));
    return item;
  });
  if (items.length > 0) input.after(make("ul", { class: "washed", role: "status" }, ...items));
}

function told(kit: Kit, file: File, washed: Washed): HTMLElement[] {
  const line = (key: string, values = {}) => make("span", {}, say(kit, key, values));
  if (!washed.content) return [line("file-failed"), decide(kit, file)];
  if (washed.sort === "image") return [line("file-redrawn")];
  const list = (traces: Set<Trace>) =>
    ORDER.filter((trace) => traces.has(trace)).map((trace) => say(kit, `trace-${trace}`)).join(kit.lang === "ar" ? "، " : ", ");
  const lines: HTMLElement[] = [];
  if (washed.removed.size > 0) lines.push(line("washed-removed", { what: list(washed.removed) }));
  if (washed.left.size > 0) lines.push(line("washed-left", { what: list(washed.left) }));
  if (washed.unknown) lines.push(line("file-unknown"));
  if (washed.left.size > 0 || washed.unknown) lines.push(line("washed-advice"));
  return lines.length > 0 ? lines : [line("washed-nothing")];
}

/** Two buttons for a picture that cannot be drawn here. */
function decide(kit: Kit, file: File): HTMLElement {
  const choices = make("span", {});
  for (const [choice, key] of [["as-it-is", "file-as-it-is"], ["left-out", "file-left-out"]] as const) {
    const button = make("button", { type: "button", class: "change", "aria-pressed": "false" }, say(kit, key));
    button.addEventListener("click", () => {
      look(file).decided = choice;
      for (const one of choices.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
    });
    choices.append(button, " ");
  }
  return choices;
}
