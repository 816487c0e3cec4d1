/** Sends the requests of one lab computer after a landing, byte for byte as client/python sends them. */
import { Agent, request } from 'node:http';

export interface Answer {
  status: number;
  etag: string;
  body: Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

export async function send(
  method: string,
  url: string,
  headers: Record<string, string>,
  body?: string | Buffer,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const sent = request(url, { agent, method, headers });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const { statusCode: status = 0, headers } = response;
      const got = Buffer.concat(chunks);
      if (status < 400) resolve({ status, etag: headers.etag ?? '', body: got });
      else reject(new Error(`${method} ${url}: ${status} ${got}`));
    });
  });
  sent.end(body);
  return await promise;
}

const pkt = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
const AGENT = 'agent=dulwich/1.2';

/** Receives each answer with the key of its request. The key of a request has the format of `Recorded` in bare.ts. */
export type OnAnswer = (what: string, answer: Answer) => void;

/**
 * Fetches the list, fetches the new version by git (protocol v2), and sends the report. Returns the computer's new
 * state.
 */
export async function update(
  url: string,
  token: string,
  name: string,
  has: string,
  etag: string,
  seen: OnAnswer = () => {},
): Promise<{ etag: string; head: string }> {
  const bearer = { authorization: `Bearer ${token}` };
  const basic = `Basic ${Buffer.from(`computer:${token}`).toString('base64')}`;
  const git = { authorization: basic, 'git-protocol': 'version=2' };
  const repository = `${url}/definitions/${name}.git`;
  const post = {
    ...git,
    'content-type': 'application/x-git-upload-pack-request',
    accept: 'application/x-git-upload-pack-result',
  };

  const list = await send('GET', `${url}/api/sync`, { ...bearer, 'if-none-match': etag });
  const known = await send('GET', `${repository}/info/refs?service=git-upload-pack`, git);
  const lsRefs =
    `${pkt('command=ls-refs')}${pkt(AGENT)}${pkt('object-format=sha1')}0001${pkt('symrefs')}${pkt('peel')}` +
    `${pkt('ref-prefix refs/heads/main')}${pkt('ref-prefix refs/tags/v')}0000`;
  const refs = await send('POST', `${repository}/git-upload-pack`, post, lsRefs);
  const wants = newest(refs.body.toString('latin1'));
  const fetch =
    `${pkt('command=fetch')}${pkt(AGENT)}${pkt('object-format=sha1')}0001${pkt('thin-pack')}${pkt('ofs-delta')}` +
    `${wants.map((id) => pkt(`want ${id}\n`)).join('')}${pkt(`have ${has}\n`)}${pkt('done\n')}0000`;
  const pack = await send('POST', `${repository}/git-upload-pack`, post, fetch);
  if (!pack.body.includes('PACK')) throw new Error(`no pack: ${pack.body.subarray(0, 200)}`);
  const report = { installed: { [name]: 2 }, loaded: { [name]: 1 }, errors: [] };
  const reported = await send(
    'POST',
    `${url}/api/sync/report`,
    { ...bearer, 'content-type': 'application/json' },
    JSON.stringify(report),
  );
  const path = `/definitions/${name}.git`;
  const answers: [what: string, answer: Answer][] = [
    ['GET /api/sync', list],
    [`GET ${path}/info/refs?service=git-upload-pack`, known],
    [`POST ${path}/git-upload-pack`, refs],
    [`POST ${path}/git-upload-pack fetch`, pack],
    ['POST /api/sync/report', reported],
  ];
  for (const one of answers) seen(...one);
  return { etag: list.etag, head: wants[0] as string };
}

/** Finds the commit of `main` and the tag of the highest version. */
function newest(refs: string): string[] {
  const found = [...refs.matchAll(/([0-9a-f]{40}) refs\/(heads\/main|tags\/v(\d+))/g)];
  const main = found.find(([, , ref]) => ref === 'heads/main')?.[1];
  const tags = found
    .filter(([, , , version]) => version)
    .toSorted((a, b) => Number(a[3]) - Number(b[3]));
  const tag = tags.at(-1)?.[1];
  if (!main || !tag) throw new Error(`no main, or no version: ${refs}`);
  return [main, tag];
}
