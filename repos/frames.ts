/**
 * The protocol between the registry and its git helper, the process that runs git. Each run of git has a connection of
 * its own, with frames in both directions. A frame is a letter, a 32-bit big-endian length, and that many bytes.
 */

export const Kind = {
  /** The first frame of a run: a `RunRequest` as JSON. */
  request: 0x72,
  /** Bytes for git's standard input. An empty frame closes the input. */
  stdin: 0x69,
  /** Bytes of git's standard output. */
  stdout: 0x6f,
  /** The last frame of a run: a `RunResult` as JSON. */
  exit: 0x78,
} as const;

export interface RunRequest {
  args: string[];
  cwd: string | undefined;
  env: Record<string, string>;
  fed: boolean;
}

export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last bytes of standard error. */
  stderr: string;
}

export interface Frame {
  kind: number;
  payload: Buffer;
}

const HEADER = 5;

export function frame(kind: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER + payload.length);
  bytes.writeUInt8(kind, 0);
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, HEADER);
  return bytes;
}

/** Splits a byte stream into frames. An incomplete frame at the end of the stream is dropped. */
export async function* frames(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (held.length - at >= HEADER) {
      const end = at + HEADER + held.readUInt32BE(at + 1);
      if (held.length < end) break;
      yield { kind: held.readUInt8(at), payload: held.subarray(at + HEADER, end) };
      at = end;
    }
    held = held.subarray(at);
  }
}
