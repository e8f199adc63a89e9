// A slow line and an old phone, and a record of what a page fetches.
import type { Page } from "@playwright/test";

/** A line of 50 kbit/s in both directions with a round trip of 600 ms. */
const SLOW_LINE = { offline: false, latency: 600, downloadThroughput: 50_000 / 8, uploadThroughput: 50_000 / 8 };
/** How much slower than this machine an old phone is. */
const SLOWDOWN = 6;

/** A request of the page. Times are in milliseconds since the start of the recording. */
export interface RecordedRequest {
  path: string;
  started: number;
  finished?: number;
  /** Bytes on the network, headers included. 0 for a response from the cache of the browser. */
  bytes: number;
  status?: number;
}

/** The requests of a page. */
export interface Recording {
  requests: RecordedRequest[];
  /** Returns the time in milliseconds since the start of the recording. */
  now(): number;
}

/** Makes the line and the processor of a page slow. */
export async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", SLOW_LINE);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
}

/** Records the requests of a page from now on. */
export async function recordTransfers(page: Page): Promise<Recording> {
  const session = await page.context().newCDPSession(page);
  const start = performance.now();
  const now = () => Math.round(performance.now() - start);
  const requests: RecordedRequest[] = [];
  const known = new Map<string, RecordedRequest>();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    const recorded: RecordedRequest = { path: new URL(request.url).pathname, started: now(), bytes: 0 };
    known.set(requestId, recorded);
    requests.push(recorded);
  });
  session.on("Network.responseReceived", ({ requestId, response }) => {
    const recorded = known.get(requestId);
    if (recorded) recorded.status = response.status;
  });
  session.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
    const recorded = known.get(requestId);
    if (recorded) recorded.bytes += encodedDataLength;
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const recorded = known.get(requestId);
    if (!recorded) return;
    recorded.finished = now();
    recorded.bytes = encodedDataLength;
  });
  session.on("Network.loadingFailed", ({ requestId }) => {
    const recorded = known.get(requestId);
    if (recorded) recorded.finished = now();
  });
  await session.send("Network.enable");
  return { requests, now };
}
