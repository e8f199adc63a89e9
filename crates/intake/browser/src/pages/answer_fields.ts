// The fields of questions on a page, and the answers typed so far.
import type { ReportAnswers } from "./answers.ts";
import { queryAll, unfold } from "./dom.ts";
import type { OfflineForm } from "./offline_form.ts";
import { isOption } from "./server_form.ts";

/** Fills the fields of the page with the answers, and opens the folded parts that have one. */
export function fillAnswers(offlineForm: OfflineForm, answers: ReportAnswers): void {
  for (const field of queryAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("[name^='a.'], [name^='d.']")) {
    const values = answers.values(field.name);
    if (field instanceof HTMLInputElement && isOption(field)) field.checked = values.includes(field.value);
    else field.value = values[0] ?? "";
    if (values.length > 0) unfold(field);
  }
  showDependent(offlineForm, answers);
}

/** Shows the dependent questions of the page that apply to the answers, and hides the others. */
export function showDependent(offlineForm: OfflineForm, answers: ReportAnswers): void {
  const asked = answers.asked(offlineForm);
  for (const field of queryAll<HTMLElement>("[data-depends]")) field.toggleAttribute("hidden", !asked.includes(field.dataset["depends"]!));
}
