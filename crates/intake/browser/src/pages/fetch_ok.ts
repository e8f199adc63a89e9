// Requests to the service.

/** Returns a response that is neither an error nor a redirect to one. */
export async function fetchOk(path: string, cache: RequestCache = "default"): Promise<Response> {
  const response = await fetch(path, { credentials: "omit", cache });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
