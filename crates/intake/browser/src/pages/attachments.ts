// What is sealed of the files that were chosen: cleaned, or as they are by the reporter's choice. Nothing is left out unasked.
import { TOP } from "../ladder.ts";
import { type Source, TooLarge } from "../submission.ts";
import { type Washed, plainName } from "../traces/washed.ts";
import { type Treatment, inOrder } from "../treatment.ts";
import { ChosenFile } from "./chosen_file.ts";
import { complain, one } from "./dom.ts";
import { keeps, showUnreadable } from "./file_list.ts";
import { type Kit, say } from "./kit.ts";

const UNKNOWN_TYPE = "application/octet-stream";

export { watchFiles } from "./file_list.ts";

/**
 * Returns the files to be sealed, with their content in memory. Returns null, and shows what is to be decided about which file, while
 * one cannot be read or waits for a choice. Throws `TooLarge` for more than a submission can hold.
 */
export async function attachments(kit: Kit, form: HTMLFormElement): Promise<Source[] | null> {
  const input = one<HTMLInputElement>("input[type=file]", form);
  const kept = keeps(form);
  const sources: Source[] = [];
  const open: { target: string; text: string }[] = [];
  let total = 0;
  for (const file of Array.from(input?.files ?? [])) {
    const chosen = ChosenFile.of(file);
    const decide = (key: string) => open.push({ target: chosen.id, text: say(kit, key, { what: isolated(file.name) }) });
    try {
      const washed = kept ? undefined : await chosen.washed();
      const asItIs = washed === undefined || washed.content === file || (washed.content === undefined && chosen.sendsAsItIs);
      if (!asItIs && washed.content === undefined) {
        decide("file-choose");
        continue;
      }
      total += asItIs ? file.size : washed.content!.size;
      // Before it is read: a film of hours would fill the memory for nothing.
      if (total > TOP) throw new TooLarge();
      const content = asItIs ? await chosen.original() : washed.content!;
      const name = washed === undefined ? file.name : plainName(washed, sources.length + 1, file.name);
      const treatment = treatmentOf(washed);
      sources.push({ name, mediaType: content.type || file.type || UNKNOWN_TYPE, treatment, stream: () => content.stream() });
    } catch (error) {
      if (error instanceof TooLarge) throw error;
      showUnreadable(kit, input!, chosen);
      decide("file-unreadable-choose");
    }
  }
  if (open.length === 0) return sources;
  complain(kit, open);
  return null;
}

/** What the frame says of a file: the reporter's choice, or what cleaning made of it. */
function treatmentOf(washed: Washed | undefined): Treatment {
  if (washed?.content === undefined) return { how: "kept" };
  if (washed.redrawn) return { how: "redrawn" };
  const { removed, left, reading, signature } = washed;
  return { how: "cleaned", removed: inOrder(removed), left: inOrder(left), reading, signature };
}

/** A name with a direction of its own, so that it does not reorder the sentence around it. */
const isolated = (name: string): string => `\u2068${name}\u2069`;
