// Records everything that a browser sends and searches it.
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import type { Page, Request } from "@playwright/test";

/**
 * Records the addresses that a page requests from now on. The tap records bodies, because a browser
 * does not expose those of files.
 */
export function recordRequests(page: Page): { url: string; method: string }[] {
  const asked: { url: string; method: string }[] = [];
  page.on("request", (request: Request) => asked.push({ url: request.url(), method: request.method() }));
  return asked;
}

/** A proxy before a service that records every byte of the requests. */
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

  /** The address of the proxy. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Number of recorded bytes. */
  get length(): number {
    return this.lines.flat().reduce((length, bytes) => length + bytes.length, 0);
  }

  /** Returns the texts that are readable in the recorded bytes. */
  found(texts: readonly string[]): string[] {
    const lines = this.lines.map((line) => Buffer.concat(line));
    return texts.filter((text) => encodingsOf(text).some((form) => lines.some((line) => line.includes(form))));
  }

  /** Returns whether these bytes were recorded as they are. */
  contains(bytes: Buffer): boolean {
    return this.lines.some((line) => Buffer.concat(line).includes(bytes));
  }

  close(): void {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }
}

/** Returns the encodings that a text could have in a request. */
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
