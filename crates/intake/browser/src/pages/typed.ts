// What was typed and chosen on a page, while another page takes its place.
import { ChosenFiles } from "./chosen.ts";
import { all, one } from "./dom.ts";

/** Shows a page, and fills those of its fields that the page before had as well. Nothing is kept afterwards. */
export function keepingTyped(show: () => void): void {
  const texts = all<HTMLTextAreaElement>("main textarea").map(({ id, value }) => ({ id, value }));
  const asksOversight = one<HTMLInputElement>("main input[name=kind]")?.checked ?? false;
  const chosen = new ChosenFiles();
  chosen.take();
  show();
  for (const { id, value } of texts) {
    const field = one<HTMLTextAreaElement>(`textarea#${id}`);
    if (!field || value === "") continue;
    field.value = value;
    field.closest("details")?.setAttribute("open", "");
  }
  const kind = one<HTMLInputElement>("main input[name=kind]");
  if (kind) kind.checked = asksOversight;
  chosen.put();
}
