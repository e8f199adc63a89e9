// The browser side of crates/investigator/tests/browser_interop.rs: seals and opens for the Rust
// implementation, one JSON object per line. The first line contains the signed directory, the
// trusted root keys and the date.
import { createInterface } from "node:readline";
import { type Bytes, concat, decode, encode, text, utf8 } from "../../src/bytes.ts";
import { VerifiedDirectory, type RootSignature, type TrustAnchor } from "../../src/directory.ts";
import { deriveReportSecrets } from "../../src/report_secrets.ts";
import { type FollowUp, sealFollowUp } from "../../src/follow_up.ts";
import { DamagedMailboxError, type ReporterInbox, openInbox } from "../../src/inbox.ts";
import { openOwnCopy, sealOwnCopy } from "../../src/own_copy.ts";
import { Receipt } from "../../src/receipt.ts";
import { type ReportDraft, encodeReportBody, sealReport } from "../../src/report.ts";
import { type EnvelopeHeader, type AttachmentSource, sealSubmission } from "../../src/submission.ts";

interface PeerFile {
  name: string;
  media_type: string;
  content: string;
}

interface PeerSetup {
  directory: string;
  signatures: RootSignature[];
  trust: TrustAnchor;
  today: string;
}

type PeerRequest =
  | { do: "report"; seed: string; draft: Omit<ReportDraft, "files">; files: PeerFile[] }
  | { do: "open"; receipt: string; mailbox: string }
  | { do: "follow-up"; receipt: string; mailbox: string; message: Omit<FollowUp, "files" | "token">; token: string; files: PeerFile[] }
  | { do: "own-copy"; receipt: string; mailbox: string; copy: string }
  | { do: "empty"; header: EnvelopeHeader };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { directory: bytes, signatures, trust, today } = JSON.parse((await lines.next()).value as string) as PeerSetup;
const directory = VerifiedDirectory.verify(decode(bytes), signatures, trust, today);

const sources = (files: PeerFile[]): AttachmentSource[] =>
  files.map(({ name, media_type: mediaType, content }) => ({ name, mediaType, stream: () => new Blob([decode(content)]).stream() }));

const encodeBlob = async (sealed: Blob): Promise<string> => encode(new Uint8Array(await sealed.arrayBuffer()) as Bytes);

const readInbox = (receipt: string, mailbox: string): Promise<ReporterInbox> => openInbox(Receipt.parse(receipt, []), decode(mailbox), directory);

async function handleRequest(question: PeerRequest): Promise<object> {
  switch (question.do) {
    case "report": {
      const { body, lang } = question.draft;
      const filed = deriveReportSecrets(decode(question.seed), concat(utf8(lang), new Uint8Array(1), encodeReportBody(body)));
      const sealed = await sealReport(directory, filed, { ...question.draft, files: sources(question.files) });
      return { sealed: await encodeBlob(sealed), receipt: filed.receipt.code() };
    }
    case "open": {
      const { header, messages, findings, readUpTo, canWrite, generation } = await readInbox(question.receipt, question.mailbox);
      return { header, messages, findings, readUpTo, canWrite, generation };
    }
    case "follow-up": {
      const message = { ...question.message, token: decode(question.token), files: sources(question.files) };
      const inbox = await readInbox(question.receipt, question.mailbox);
      const { sealed } = await sealFollowUp(directory, Receipt.parse(question.receipt, []), inbox, message);
      return { sealed: await encodeBlob(sealed) };
    }
    case "own-copy": {
      const receipt = Receipt.parse(question.receipt, []);
      const { messages, frames } = await openOwnCopy(receipt, decode(question.copy), await readInbox(question.receipt, question.mailbox));
      return { sealed: encode(await sealOwnCopy(receipt, frames)), messages: messages.map(({ header, body }) => [header.seq, text(body)]) };
    }
    case "empty": {
      const nothing = async function* () {};
      return { sealed: await encodeBlob(await sealSubmission(directory.transport(), question.header, nothing)) };
    }
  }
}

for await (const line of lines as AsyncIterable<string>) {
  const response = await handleRequest(JSON.parse(line) as PeerRequest).catch((error: Error) => ({
    refused: error.message,
    damaged: error instanceof DamagedMailboxError,
  }));
  process.stdout.write(JSON.stringify(response) + "\n");
}
