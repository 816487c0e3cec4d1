/** A recorded HTTP exchange, and the orders and results of the process that replays it. */

export interface Exchange {
  method: string;
  /** The path with its query. */
  url: string;
  /** Header names and values alternately, as they were sent. */
  headers: string[];
  body: Buffer;
  answer: { status: number; headers: string[]; body: Buffer };
  /** Milliseconds from the end of the request until the end of the answer. */
  time: number;
}

/** A request to send, and what is known about the body of its answer. */
export interface Step {
  request: Buffer;
  answerLength: number;
  /** Whether the body is a pack. The length of a pack is unknown, because git may choose other deltas each time. */
  isPack: boolean;
}

/** Tells the process to replay scripts repeatedly: client number n sends script n modulo the number of scripts. */
export interface Order {
  port: number;
  scripts: Step[][];
  clients: number;
  /** Whether a client keeps its connection for the next script. */
  keepAlive: boolean;
  /** How long to replay. Each client finishes at least one script. */
  seconds: number;
  /** The process replays longer than `seconds` until this many scripts are done. */
  atLeast?: number;
}

export interface Replayed {
  perSecond: number;
  /** The median time of one script, in milliseconds. */
  p50: number;
  p99: number;
  scripts: number;
  /** The share of a core that the replaying process used. */
  ownLoad: number;
}

/** The first bytes of a pack (gitformat-pack(5)). */
export const PACK = 'PACK';

export function header(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}

/** Converts an exchange to a step for another port and another caller. */
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
