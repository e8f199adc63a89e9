// Seals and opens for another implementation, one JSON object a line: the browser's half of crates/investigator/tests/browser.rs.
// The first line is the installation: its signed directory, what is believed, and the day.
import { createInterface } from "node:readline";
import { type Bytes, concat, decode, encode, utf8 } from "../../src/bytes.ts";
import { Directory, type RootSignature, type Trust } from "../../src/directory.ts";
import { filing } from "../../src/filing.ts";
import { type FollowUp, sealFollowUp } from "../../src/follow_up.ts";
import { Damaged, type Inbox, openInbox } from "../../src/inbox.ts";
import { Receipt } from "../../src/receipt.ts";
import { type Draft, reportBytes, sealReport } from "../../src/report.ts";
import { type EnvelopeHeader, type Source, sealSubmission } from "../../src/submission.ts";

interface File {
  name: string;
  media_type: string;
  content: string;
}

interface Installation {
  directory: string;
  signatures: RootSignature[];
  trust: Trust;
  today: string;
}

type Question =
  | { do: "report"; seed: string; draft: Omit<Draft, "files">; files: File[] }
  | { do: "open"; receipt: string; mailbox: string }
  | { do: "follow-up"; receipt: string; mailbox: string; message: Omit<FollowUp, "files" | "token">; token: string; files: File[] }
  | { do: "empty"; header: EnvelopeHeader };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { directory: bytes, signatures, trust, today } = JSON.parse((await lines.next()).value as string) as Installation;
const directory = Directory.verify(decode(bytes), signatures, trust, today);

const sources = (files: File[]): Source[] =>
  files.map(({ name, media_type: mediaType, content }) => ({ name, mediaType, stream: () => new Blob([decode(content)]).stream() }));

const whole = async (sealed: Blob): Promise<string> => encode(new Uint8Array(await sealed.arrayBuffer()) as Bytes);

const read = (receipt: string, mailbox: string): Promise<Inbox> => openInbox(Receipt.parse(receipt, []), decode(mailbox));

async function answer(question: Question): Promise<object> {
  switch (question.do) {
    case "report": {
      const { body, lang } = question.draft;
      const filed = filing(decode(question.seed), concat(utf8(lang), new Uint8Array(1), reportBytes(body)));
      const sealed = await sealReport(directory, filed, { ...question.draft, files: sources(question.files) });
      return { sealed: await whole(sealed), receipt: filed.receipt.code() };
    }
    case "open": {
      const { header, messages, findings, canWrite, generation } = await read(question.receipt, question.mailbox);
      return { header, messages, findings, canWrite, generation };
    }
    case "follow-up": {
      const message = { ...question.message, token: decode(question.token), files: sources(question.files) };
      const inbox = await read(question.receipt, question.mailbox);
      const { sealed } = await sealFollowUp(directory, Receipt.parse(question.receipt, []), inbox, message);
      return { sealed: await whole(sealed) };
    }
    case "empty": {
      const nothing = async function* () {};
      return { sealed: await whole(await sealSubmission(directory.transport(), question.header, nothing)) };
    }
  }
}

for await (const line of lines as AsyncIterable<string>) {
  const said = await answer(JSON.parse(line) as Question).catch((error: Error) => ({
    refused: error.message,
    damaged: error instanceof Damaged,
  }));
  process.stdout.write(JSON.stringify(said) + "\n");
}
