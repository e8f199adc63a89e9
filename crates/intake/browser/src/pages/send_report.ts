// Seals a report and uploads it.
import { type Bytes, concat, utf8 } from "../bytes.ts";
import { NoReaderError, type VerifiedDirectory } from "../directory.ts";
import { sealOwnCopy } from "../own_copy.ts";
import { encodeReportBody, sealReport } from "../report.ts";
import { type ReportSecrets, deriveReportSecrets } from "../report_secrets.ts";
import { SubmissionTooLargeError } from "../submission.ts";
import type { ComposedReport } from "./answers.ts";
import { collectAttachments, showUnreadableFile } from "./attachments.ts";
import { createElement, queryAll, showErrors } from "./dom.ts";
import { isProgramFailure } from "./failure.ts";
import { leaving } from "./leaving.ts";
import { type OfflineForm, isoWeek, translate } from "./offline_form.ts";
import type { ProgramFiles } from "./program_files.ts";
import type { SentReport } from "./receipt_page.ts";
import { fetchWordList } from "./service.ts";
import type { SpokenStory } from "./spoken_story.ts";
import { answerInWords } from "./submission_receipt.ts";
import { UploadCancelledError, uploadWithRetry } from "./upload.ts";

/** A report that is complete. */
export interface ReportToSend {
  offlineForm: OfflineForm;
  directory: VerifiedDirectory;
  files: ProgramFiles;
  /** Random. Sending the same content with the same seed again is the same report. */
  seed: Uint8Array;
  report: ComposedReport;
  spoken: SpokenStory;
  /** Whether the reporter asked for an own copy. */
  wantsCopy: boolean;
  /** The form of the review page, with the chosen files. */
  form: HTMLFormElement;
}

/**
 * Returns the receipt once the server has stored the report. Returns null, with the reason on the
 * page, if the reporter cancelled, has to decide something, or the report cannot be sent. Returns
 * null, and sends nothing, from the moment at which the reporter leaves. Throws an error that
 * concerns the program.
 */
export async function sendReport(sending: ReportToSend): Promise<SentReport | null> {
  const { offlineForm, files, form } = sending;
  // Fetched while the report is uploaded, because the connection may be lost afterwards.
  const words = fetchWordList(files, offlineForm.lang).catch(() => undefined);
  const place = queryAll(".buttons", form).at(-1)!;
  try {
    const note = createElement("p", { class: "sending", role: "status" }, translate(offlineForm, "send-sealing"));
    place.after(note);
    // Lets the browser show the note.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const content = encodeReportBody(sending.report.body);
    const secrets = deriveReportSecrets(sending.seed, concat(utf8(offlineForm.lang), new Uint8Array(1), content));
    let frame: Bytes | undefined;
    const onFrame = sending.wantsCopy ? (signed: Bytes) => (frame = signed) : undefined;
    const sealed = await seal(sending, secrets, onFrame).finally(() => note.remove());
    const { receipt } = secrets;
    const stored = await uploadWithRetry(offlineForm, sealed, place);
    leaving.throwIfAborted();
    return { receipt, words, ownCopy: frame && (await sealOwnCopy(receipt, [frame])), answer: answerInWords(offlineForm, stored) };
  } catch (error) {
    if (error instanceof UploadCancelledError || leaving.aborted || showUnreadableFile(offlineForm, error)) return null;
    if (isProgramFailure(error)) throw error;
    const [target, key] =
      error instanceof SubmissionTooLargeError
        ? ["files", "send-too-large"]
        : error instanceof NoReaderError
          ? ["allow", "error-no-reader-what"]
          : ["main", "send-failed"];
    showErrors(offlineForm, [{ target, text: translate(offlineForm, key) }]);
    return null;
  }
}

async function seal({ offlineForm, directory, files: program, report, spoken, form }: ReportToSend, secrets: ReportSecrets, onFrame?: (frame: Bytes) => void): Promise<Blob> {
  const files = await collectAttachments(offlineForm, form);
  // The reporter has to decide something.
  if (files === null) throw new UploadCancelledError();
  leaving.throwIfAborted();
  files.unshift(...spoken.attachments());
  if (report.needsFile && files.length === 0) {
    showErrors(offlineForm, [{ target: "files", text: translate(offlineForm, "wrong-no-story") }]);
    throw new UploadCancelledError();
  }
  const { body, priority } = report;
  return sealReport(directory, secrets, { body, priority, lang: offlineForm.lang, week: isoWeek(new Date()), program: program.hash, files, onFrame, signal: leaving });
}
