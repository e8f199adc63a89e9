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
  show();
  for (const { id, value } of texts) {
    const field = queryOne<HTMLTextAreaElement>(`textarea#${id}`);
    if (!field || value === "") continue;
    field.value = value;
    field.closest("details")?.setAttribute("open", "");
  }
  const kind = queryOne<HTMLInputElement>("main input[name=kind]");
  if (kind) kind.checked = asksOversight;
  chosen.restoreToInput();
}
