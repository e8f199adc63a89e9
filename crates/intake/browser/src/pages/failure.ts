// Shows why the page cannot do what the reporter asked for. The text stays on the page, except
// under an altered program.
import { ProgramMismatchError } from "../program.ts";
import { refuseProgram } from "./altered_program.ts";
import { createElement, queryOne, showErrors } from "./dom.ts";
import { leaving } from "./leaving.ts";
import { type OfflineForm, translate } from "./offline_form.ts";
import { ServiceUpdatedError } from "./program_files.ts";

/** Returns whether an error concerns the program, so that trying again on this page is useless. */
export const isProgramFailure = (error: unknown): boolean => error instanceof ProgramMismatchError || error instanceof ServiceUpdatedError;

/** Shows an error. `key` is the text for one that does not concern the program. */
export function showFailure(offlineForm: OfflineForm, error: unknown, key = "page-failed"): void {
  // Also the error of each request that ended with the page.
  if (leaving.aborted) return;
  if (error instanceof ProgramMismatchError) refuseProgram();
  else if (error instanceof ServiceUpdatedError) showUpdated(offlineForm);
  else showErrors(offlineForm, [{ target: "main", text: translate(offlineForm, key) }]);
}

/** Says that the service has another version of the program, and how to keep the text. */
function showUpdated(offlineForm: OfflineForm): void {
  queryOne(".updated")?.remove();
  const text = (key: string) => translate(offlineForm, key);
  const way = text(queryOne("details.draft") ? "updated-draft" : "updated-copy");
  const notice = createElement("div", { class: "wrong updated", role: "alert", tabindex: "-1" }, createElement("h2", {}, text("updated-heading")), createElement("p", {}, way));
  queryOne("main")?.prepend(notice);
  notice.focus();
}
