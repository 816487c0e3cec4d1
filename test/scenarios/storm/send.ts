export interface Answer {
  status: number;
  // The body of any route's answer. Each caller reads the part of the body that it needs.
  // biome-ignore lint/suspicious/noExplicitAny: the shape depends on the route
  body: any;
}

/** Sends a request as a person. */
export async function send(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}
