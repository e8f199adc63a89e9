// The texts of a page that can have a clip, with the keys of their clips. A text of the pages has
// the attribute `data-clip`. The texts of the taxonomy follow from the ids of questions and the
// values of options.
import { queryAll, queryOne } from "./dom.ts";

/** An element, and the clips that speak it, in this order. */
export type SpokenElement = [element: HTMLElement, keys: string[]];

/** Returns the elements of the page that can have clips. */
export function spokenElements(): SpokenElement[] {
  const marked = queryAll<HTMLElement>("[data-clip]").map((element): SpokenElement => [element, element.dataset["clip"]!.split(" ")]);
  return [...marked, ...subjects(), ...queryAll<HTMLElement>("main [id^=q-]").flatMap(question), ...options()];
}

/** The subjects and the cases. */
function subjects(): SpokenElement[] {
  return queryAll<HTMLButtonElement>("button[name=go]").flatMap((button): SpokenElement[] => {
    const [kind, id] = button.value.split(".");
    if (kind === "family") return [[button, [`families.${id}.label`]]];
    return kind === "category" ? [[button, [`categories.${id}.label`, `categories.${id}.example`]]] : [];
  });
}

/** The label and the warning of a question. The clip of a select also speaks its options. */
function question(field: HTMLElement): SpokenElement[] {
  const id = field.id.slice(2);
  const found: SpokenElement[] = [];
  const label = queryOne<HTMLElement>("legend", field) ?? queryOne<HTMLElement>(`label[for="${field.id}"]`);
  const choices = field instanceof HTMLSelectElement ? Array.from(field.options, ({ value }) => optionKey(id, value)) : [];
  if (label && !label.dataset["clip"]) found.push([label, [`questions.${id}.label`, ...choices.slice(1)]]);
  const warning = document.getElementById(`w-${id}`);
  if (warning) found.push([warning, [`questions.${id}.warn`]]);
  return found;
}

/** The options that are shown beside each other. */
function options(): SpokenElement[] {
  return queryAll<HTMLInputElement>(".check input[name^='a.'], .check input[name=audience]").flatMap((input): SpokenElement[] => {
    const label = input.closest("label");
    if (!label) return [];
    const key = input.name === "audience" ? `audiences.${input.value}.label` : optionKey(input.name.slice(2), input.value);
    return [[label, [input.value === "" ? "radio-none" : key]]];
  });
}

/** The key of an option. Two answers have the same text in every question. */
const optionKey = (question: string, option: string): string =>
  option === "unknown" || option === "unsaid" ? `settings.implied.${option}` : `questions.${question}.options.${option}.label`;
