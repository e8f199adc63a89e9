// Everything that a page sends, and whether something can be found in it.
import type { Page, Request } from "@playwright/test";

export interface Sent {
  url: string;
  method: string;
  body: Buffer;
}

/** Listens to all that a page sends from now on. */
export function listen(page: Page): Sent[] {
  const sent: Sent[] = [];
  page.on("request", (request: Request) => {
    sent.push({ url: request.url(), method: request.method(), body: request.postDataBuffer() ?? Buffer.alloc(0) });
  });
  return sent;
}

/** The forms in which a text could stand in a request. */
export function forms(text: string): Buffer[] {
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

/** Where any of the texts can be read in what was sent. */
export function found(sent: readonly Sent[], texts: readonly string[]): string[] {
  const hits = [];
  for (const { method, url, body } of sent) {
    for (const text of texts) {
      const whole = Buffer.concat([Buffer.from(`${method} ${url}\n`), body]);
      if (forms(text).some((form) => whole.includes(form))) hits.push(`${text} in ${method} ${url}`);
    }
  }
  return hits;
}
