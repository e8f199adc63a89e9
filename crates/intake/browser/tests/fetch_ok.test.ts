// A request of the pages that stalls ends like one whose connection is lost.
import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { utf8 } from "../src/bytes.ts";
import { MissingFileError, fetchBytes } from "../src/pages/fetch_ok.ts";
import { endPage } from "../src/pages/leaving.ts";

/** Serves one response, whose content the test sends. Ends it when the request is aborted. */
function serve(status = 200) {
  let sending: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (sending = controller) });
  let signal: AbortSignal | null | undefined;
  globalThis.fetch = (_, init) => {
    signal = init?.signal;
    signal?.addEventListener("abort", () => sending.error(new DOMException("aborted", "AbortError")));
    return Promise.resolve(new Response(body, { status }));
  };
  return { send: (part: string) => sending.enqueue(utf8(part)), end: () => sending.close(), isAborted: () => signal?.aborted };
}

/** Lets what was sent arrive. */
const arrive = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
};

test("a response that stalls ends as a lost connection, and a slow one does not", async () => {
  const { fetch } = globalThis;
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const slow = serve();
    const content = fetchBytes("/slow");
    for (const part of ["one ", "two ", "three"]) {
      await arrive();
      mock.timers.tick(59_000);
      slow.send(part);
    }
    await arrive();
    slow.end();
    assert.deepEqual(await content, utf8("one two three"));

    const dead = serve();
    const refused = assert.rejects(fetchBytes("/dead"), (error) => error instanceof TypeError && error.message === "/dead: timeout");
    dead.send("the beginning");
    await arrive();
    mock.timers.tick(60_000);
    await refused;
    assert.equal(dead.isAborted(), true);
    // No response at all.
    globalThis.fetch = (_, init) => new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));
    const silent = assert.rejects(fetchBytes("/silent"), TypeError);
    await arrive();
    mock.timers.tick(60_000);
    await silent;
  } finally {
    mock.timers.reset();
    globalThis.fetch = fetch;
  }
});

test("errors of the service are errors, and a request ends with the page", async () => {
  const { fetch } = globalThis;
  try {
    for (const [status, kind] of [[404, MissingFileError], [503, Error]] as const) {
      serve(status).end();
      await assert.rejects(fetchBytes("/file"), kind);
    }
    const open = serve();
    const ended = assert.rejects(fetchBytes("/file"), { name: "AbortError" });
    await arrive();
    endPage();
    await ended;
    assert.equal(open.isAborted(), true);
  } finally {
    globalThis.fetch = fetch;
  }
});
