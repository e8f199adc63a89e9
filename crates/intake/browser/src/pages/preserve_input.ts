// Preserves the input of a page while another page replaces it.
import { FileSelection } from "./selected_files.ts";
import { queryAll, queryOne } from "./dom.ts";

/**
 * Shows a page and restores the fields that the previous page had too. Nothing is stored
 * afterwards.
 */
export function preserveInput(show: () => void): void {
  const texts = queryAll<HTMLTextAreaElement>("main textarea").map(({ id, value }) => ({ id, value }));
  const asksOversight = queryOne<HTMLInputElement>("main input[name=kind]")?.checked ?? false;
  const chosen = new FileSelection();
  chosen.captureFromInput();
  preserveFocus(() => {
    show();
    for (const { id, value } of texts) {
      const field = queryOne<HTMLTextAreaElement>(`textarea#${id}`);
      if (!field || value === "") continue;
      field.value = value;
      field.closest("details")?.setAttribute("open", "");
    }
  });
  const kind = queryOne<HTMLInputElement>("main input[name=kind]");
  if (kind) kind.checked = asksOversight;
  chosen.restoreToInput();
}

/** Shows a page, and continues in the field in which the reporter is typing if it has it too. */
export function preserveFocus(show: () => void): void {
  const { activeElement } = document;
  const typing = activeElement instanceof HTMLTextAreaElement || (activeElement instanceof HTMLInputElement && activeElement.type === "text") ? activeElement : undefined;
  const { id = "", selectionStart = null, selectionEnd = null } = typing ?? {};
  show();
  const field = id === "" ? null : document.getElementById(id);
  if (!(field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement)) return;
  field.focus();
  field.setSelectionRange(selectionStart, selectionEnd);
}
