// Collects the chosen files for sealing: scrubbed, or unchanged by the reporter's choice. No file
// is left out without a decision.
import { MAX_ATTACHMENTS } from "../frame.ts";
import { MAX_SIZE } from "../size_classes.ts";
import { type AttachmentSource, SubmissionTooLargeError } from "../submission.ts";
import { type ScrubReport, neutralName } from "../metadata/scrub_report.ts";
import { type FileTreatment, inCanonicalOrder } from "../treatment.ts";
import { SelectedFile, UnreadableFileError } from "./selected_file.ts";
import { showErrors, queryOne } from "./dom.ts";
import { isProgramFailure } from "./failure.ts";
import { keepsOriginals, showUnreadable } from "./file_list.ts";
import { type OfflineForm, translate } from "./offline_form.ts";

const UNKNOWN_TYPE = "application/octet-stream";

export { watchFiles } from "./file_list.ts";

/**
 * Returns the files to be sealed, with their content in memory. Returns null, and shows the open
 * decisions, while a file cannot be read or waits for a choice. Throws `SubmissionTooLargeError` if
 * they exceed the size of a submission, and an error that concerns the program.
 */
export async function collectAttachments(offlineForm: OfflineForm, form: HTMLFormElement): Promise<AttachmentSource[] | null> {
  const input = queryOne<HTMLInputElement>("input[type=file]", form);
  // Before reading any of them, as with the total below.
  if ((input?.files?.length ?? 0) > MAX_ATTACHMENTS) throw new SubmissionTooLargeError();
  const keepsAll = keepsOriginals(form);
  const sources: AttachmentSource[] = [];
  const open: FileProblem[] = [];
  let total = 0;
  for (const file of Array.from(input?.files ?? [])) {
    const chosen = SelectedFile.of(file);
    const decide = (key: string) => open.push(fileProblem(offlineForm, chosen, key));
    try {
      const report = keepsAll ? undefined : await chosen.scrubbed();
      const asItIs = report === undefined || report.content === file || (report.content === undefined && chosen.sendsAsItIs);
      if (!asItIs && report.content === undefined) {
        decide("file-choose");
        continue;
      }
      total += asItIs ? file.size : report.content!.size;
      // Before reading, because a video of hours would fill the memory and still fail.
      if (total > MAX_SIZE) throw new SubmissionTooLargeError();
      const content = asItIs ? await chosen.original() : await chosen.cleaned(report);
      const name = report === undefined ? file.name : neutralName(report, sources.length + 1, file.name);
      const treatment = treatmentOf(report);
      sources.push({ name, mediaType: content.type || file.type || UNKNOWN_TYPE, treatment, stream: () => chosen.stream(content) });
    } catch (error) {
      if (error instanceof SubmissionTooLargeError || isProgramFailure(error)) throw error;
      showUnreadable(offlineForm, input!, chosen);
      decide("file-unreadable-choose");
    }
  }
  if (open.length === 0) return sources;
  showErrors(offlineForm, open);
  return null;
}

/** Shows which file could not be read while it was sealed. Returns false for another error. */
export function showUnreadableFile(offlineForm: OfflineForm, error: unknown): boolean {
  if (!(error instanceof UnreadableFileError)) return false;
  const { chosen } = error;
  showUnreadable(offlineForm, queryOne<HTMLInputElement>("#files")!, chosen);
  showErrors(offlineForm, [fileProblem(offlineForm, chosen, "file-unreadable-choose")]);
  return true;
}

/** Returns the treatment for the frame: the reporter's choice, or the result of scrubbing. */
function treatmentOf(report: ScrubReport | undefined): FileTreatment {
  if (report?.content === undefined) return { how: "kept" };
  if (report.redrawn) return { how: "redrawn" };
  const { removed, left, reading, signature } = report;
  return { how: "cleaned", removed: inCanonicalOrder(removed), left: inCanonicalOrder(left), reading, signature };
}

interface FileProblem {
  target: string;
  text: string;
}

const fileProblem = (offlineForm: OfflineForm, { id, file }: SelectedFile, key: string): FileProblem => ({
  target: id,
  text: translate(offlineForm, key, { what: bidiIsolate(file.name) }),
});

/** Isolates the direction of a name, so that it does not reorder the sentence around it. */
const bidiIsolate = (name: string): string => `\u2068${name}\u2069`;
