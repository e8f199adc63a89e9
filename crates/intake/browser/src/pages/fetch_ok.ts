// Requests to the service.

/**
 * Returns a response that is neither an error nor a redirect to one. The request has the
 * credentials of the links of the pages: with others, a browser would open another connection, and
 * fetch again what a page has named. The service sets no cookie.
 */
export async function fetchOk(path: string, cache: RequestCache = "default"): Promise<Response> {
  const response = await fetch(path, { cache });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
