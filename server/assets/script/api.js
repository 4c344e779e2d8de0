// Asking the server. What it refuses is thrown as the problem that it answers with (RFC 9457).

const base = document.body.dataset.api;

/** What went wrong; `status` is 0 if there was no answer at all. */
export class Problem extends Error {
  constructor(status, { detail, title, field, ...rest } = {}) {
    super(detail ?? title ?? "");
    Object.assign(this, { status, field, rest });
  }
}

/** Asks for `path` below the API. Returns the answer's body and its ETag. */
export async function ask(path, { method = "GET", body, etag, signal } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (etag) headers["if-match"] = etag;
  const content = body === undefined ? undefined : JSON.stringify(body);
  const options = { method, headers, body: content, signal, redirect: "manual" };
  const response = await fetch(base + path, options).catch((error) => {
    throw error.name === "AbortError" ? error : new Problem(0);
  });
  // A redirect of ours leads to another port, where this page may not ask.
  if (response.type === "opaqueredirect") throw new Problem(308);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer);
  return { body: answer, etag: response.headers.get("etag") };
}

/** Posts an order. */
export const order = (path, body = {}) => ask(path, { method: "POST", body });
