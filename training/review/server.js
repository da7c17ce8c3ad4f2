// Speaks with the server. Every address is relative, so it carries the token of the page's own.

/** An answer that says what is wrong, in the server's words. */
export class Refused extends Error {}

async function answered(response) {
  const values = await response.json();
  if (!response.ok) {
    throw new Refused(values.hint ? `${values.error}: ${values.hint}` : values.error);
  }
  return values;
}

async function sent(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, redirect: "error" });
  } catch {
    throw new Refused("the server does not answer: start 'training review' again; your decisions are kept");
  }
  return answered(response);
}

export const read = (path, query = {}) => sent(`api/${path}?${new URLSearchParams(query)}`, {});

export const change = (path, values) =>
  sent(`api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(values),
  });

export const addressOf = (sha256, size) => `pictures/${size}/${sha256}.jpg`;
