// Everything that a browser sends, and whether something can be found in it.
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import type { Page, Request } from "@playwright/test";

/** The addresses that a page asks for from now on. Bodies are the tap's business: a browser tells nothing about those of files. */
export function recordRequests(page: Page): { url: string; method: string }[] {
  const asked: { url: string; method: string }[] = [];
  page.on("request", (request: Request) => asked.push({ url: request.url(), method: request.method() }));
  return asked;
}

/** Stands in the line to a service, and keeps every byte that goes there. */
export class RecordingProxy {
  private readonly lines: Buffer[][] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    target: URL,
  ) {
    server.on("connection", (from) => {
      const to = connect(Number(target.port), target.hostname);
      const line: Buffer[] = [];
      this.lines.push(line);
      from.on("data", (bytes) => line.push(bytes));
      for (const socket of [from, to]) {
        this.sockets.add(socket);
        socket.on("error", () => [from, to].forEach((end) => end.destroy()));
      }
      from.pipe(to).pipe(from);
    });
  }

  static async open(target: string): Promise<RecordingProxy> {
    const tap = new RecordingProxy(createServer(), new URL(target));
    await new Promise<void>((resolve) => tap.server.listen(0, "127.0.0.1", resolve));
    return tap;
  }

  /** Where to go in order to be listened to. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How much went there, in bytes. */
  get length(): number {
    return this.lines.flat().reduce((length, bytes) => length + bytes.length, 0);
  }

  /** Those of the texts that can be read in what went there. */
  found(texts: readonly string[]): string[] {
    const lines = this.lines.map((line) => Buffer.concat(line));
    return texts.filter((text) => encodingsOf(text).some((form) => lines.some((line) => line.includes(form))));
  }

  close(): void {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}

/** The forms in which a text could stand in a request. */
function encodingsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const padded = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").slice(shift === 0 ? 0 : 4, -4));
  return [
    bytes,
    Buffer.from(text, "utf16le"),
    Buffer.from(encodeURIComponent(text)),
    Buffer.from(encodeURIComponent(text).replaceAll("%20", "+")),
    ...padded.filter((form) => form.length >= 8).flatMap((form) => [Buffer.from(form), Buffer.from(form.replaceAll("+", "-").replaceAll("/", "_"))]),
  ];
}
