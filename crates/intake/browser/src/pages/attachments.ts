// What is sealed of the files that were chosen: cleaned, or as they are by the reporter's choice.
// Nothing is left out unasked.
import { MAX_SIZE } from "../size_classes.ts";
import { type AttachmentSource, SubmissionTooLargeError } from "../submission.ts";
import { type ScrubReport, neutralName } from "../metadata/scrub_report.ts";
import { type FileTreatment, inCanonicalOrder } from "../treatment.ts";
import { SelectedFile } from "./selected_file.ts";
import { showErrors, queryOne } from "./dom.ts";
import { keepsOriginals, showUnreadable } from "./file_list.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

const UNKNOWN_TYPE = "application/octet-stream";

export { watchFiles } from "./file_list.ts";

/**
 * Returns the files to be sealed, with their content in memory. Returns null, and shows what is to be decided about which file, while
 * one cannot be read or waits for a choice. Throws `TooLarge` for more than a submission can hold.
 */
export async function collectAttachments(kit: OfflineForm, form: HTMLFormElement): Promise<AttachmentSource[] | null> {
  const input = queryOne<HTMLInputElement>("input[type=file]", form);
  const kept = keepsOriginals(form);
  const sources: AttachmentSource[] = [];
  const open: { target: string; text: string }[] = [];
  let total = 0;
  for (const file of Array.from(input?.files ?? [])) {
    const chosen = SelectedFile.of(file);
    const decide = (key: string) => open.push({ target: chosen.id, text: translate(kit, key, { what: bidiIsolate(file.name) }) });
    try {
      const washed = kept ? undefined : await chosen.scrubbed();
      const asItIs = washed === undefined || washed.content === file || (washed.content === undefined && chosen.sendsAsItIs);
      if (!asItIs && washed.content === undefined) {
        decide("file-choose");
        continue;
      }
      total += asItIs ? file.size : washed.content!.size;
      // Before it is read: a film of hours would fill the memory for nothing.
      if (total > MAX_SIZE) throw new SubmissionTooLargeError();
      const content = asItIs ? await chosen.original() : washed.content!;
      const name = washed === undefined ? file.name : neutralName(washed, sources.length + 1, file.name);
      const treatment = treatmentOf(washed);
      sources.push({ name, mediaType: content.type || file.type || UNKNOWN_TYPE, treatment, stream: () => content.stream() });
    } catch (error) {
      if (error instanceof SubmissionTooLargeError) throw error;
      showUnreadable(kit, input!, chosen);
      decide("file-unreadable-choose");
    }
  }
  if (open.length === 0) return sources;
  showErrors(kit, open);
  return null;
}

/** What the frame says of a file: the reporter's choice, or what cleaning made of it. */
function treatmentOf(washed: ScrubReport | undefined): FileTreatment {
  if (washed?.content === undefined) return { how: "kept" };
  if (washed.redrawn) return { how: "redrawn" };
  const { removed, left, reading, signature } = washed;
  return { how: "cleaned", removed: inCanonicalOrder(removed), left: inCanonicalOrder(left), reading, signature };
}

/** A name with a direction of its own, so that it does not reorder the sentence around it. */
const bidiIsolate = (name: string): string => `\u2068${name}\u2069`;
