// Requests to the service.
import { leaving } from "./leaving.ts";

/** The service has no file at an address. */
export class MissingFileError extends Error {}

/**
 * Returns a response that is neither an error nor a redirect to one. The request has the
 * credentials of the links of the pages: with others, a browser would open another connection, and
 * fetch again what a page has named. The service sets no cookie. The request ends with the page.
 */
export async function fetchOk(path: string, cache: RequestCache = "default"): Promise<Response> {
  const response = await fetch(path, { cache, signal: leaving });
  if (response.status === 404) throw new MissingFileError(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
