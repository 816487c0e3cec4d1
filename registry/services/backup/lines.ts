/** Reads the text files of a backup line by line. */
import { StringDecoder } from 'node:string_decoder';
import { Problem } from '../../errors.ts';

/**
 * The longest line, in characters. The source of a definition is in a line of a backup and has a smaller limit of its own.
 */
const LONGEST = 64 * 1024 * 1024;

/**
 * Splits text at newlines only. `node:readline` would also split at U+2028, which JSON strings may contain. Throws `Problem`
 * `invalid` for a longer line.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() as string;
    yield* lines;
    if (rest.length > LONGEST) {
      throw new Problem('invalid', `The backup has a row of more than ${LONGEST} characters.`);
    }
  }
  if (rest !== '') yield rest;
}

/** The size of a batch of rows, in characters. */
const AT_ONCE = 1024 * 1024;

/** Collects lines into batches, each for one SQL statement. */
export async function* batchesOf(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let [batch, size]: [string[], number] = [[], 0];
  for await (const line of lines) {
    batch.push(line);
    size += line.length;
    if (size < AT_ONCE) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}
