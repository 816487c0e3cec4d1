/** The definition that load is about: 19 KB, as large as the largest drivers of a lab. */
import type { Served } from '../lab/served.ts';
import { sources } from '../sources.ts';

const NAME = 'Loaded1';
const BYTES = 19 * 1024;

export interface Loaded {
  path: string;
  file: string;
  /** A valid text for each revision. */
  text(revision: number): string;
  /** Lands one more version through the API. */
  save(): Promise<void>;
  /** Has the registry validate one more text, and land nothing. */
  validate(): Promise<void>;
}

/** Creates the definition. */
export async function createLoaded({ client, labId }: Served): Promise<Loaded> {
  const source = await sources();
  const padding = source('Padding2').replaceAll(/^/gm, '# ').repeat(3);
  const text = (revision: number) => `${source(NAME, revision)}\n${padding}`.slice(0, BYTES);
  const { id } = await client.definitions.create({
    name: NAME,
    source_code: text(0),
    lab_id: labId,
  });
  let saved = 0;
  let validated = 0;
  return {
    path: `/definitions/${NAME}.git`,
    file: `${NAME}.py`,
    text,
    async save() {
      await client.definitions.change(id, { source_code: text(++saved) });
    },
    async validate() {
      await client.definitions.validate({ name: NAME, source_code: text(--validated) });
    },
  };
}
