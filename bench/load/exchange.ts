/** A recorded HTTP exchange, and what the replaying processes make of it. */

export interface Exchange {
  method: string;
  /** Path and query. */
  url: string;
  /** Names and values in turn, as sent. */
  headers: string[];
  body: Buffer;
  answer: { status: number; headers: string[]; body: Buffer };
  /** Milliseconds from the end of the request to the end of the answer. */
  time: number;
}

/** A request to send, and what is known about the body that answers it. */
export interface Step {
  request: Buffer;
  answerLength: number;
  /** git may find other deltas each time, so the length of a pack is not known. */
  isPack: boolean;
}

/** Replays the scripts: client number n sends script n modulo their number, again and again. */
export interface Order {
  port: number;
  scripts: Step[][];
  clients: number;
  /** Whether a client keeps its connection from one script to the next. */
  keepAlive: boolean;
  /** How long to replay; each client finishes at least one script. */
  seconds: number;
  /** Replay longer, until so many scripts are done. */
  atLeast?: number;
}

export interface Replayed {
  perSecond: number;
  /** Milliseconds of one script. */
  p50: number;
  p99: number;
  scripts: number;
  /** The share of a core that the replaying process took. */
  ownLoad: number;
}

/** gitformat-pack(5): how a pack begins. */
export const PACK = 'PACK';

export function header(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** The exchange as a step towards another port, by another caller. */
export function stepFor(exchange: Exchange, port: number, authorization: string): Step {
  const { method, url, headers, body, answer } = exchange;
  const lines = [`${method} ${url} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    if (/^(host|connection)$/i.test(name)) continue;
    lines.push(`${name}: ${/^authorization$/i.test(name) ? authorization : value}`);
  }
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return {
    request: Buffer.concat([head, body]),
    answerLength: answer.body.length,
    isPack: answer.body.includes(PACK),
  };
}
