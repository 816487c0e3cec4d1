/** The definition that the clients read and change during the load. */
import type { RegistryClient } from '../../client/typescript/client.ts';
import type { Served } from '../lab/served.ts';
import { sources } from '../sources.ts';

const NAME = 'Loaded1';
/** The size of the largest drivers of a lab. */
const BYTES = 19 * 1024;

export interface Loaded {
  id: number;
  name: string;
  path: string;
  file: string;
  /** Returns a different valid text for each revision. */
  text(revision: number): string;
  /** Lands one more version through the API. */
  save(client: RegistryClient): Promise<void>;
  /** Has the registry validate a new text without landing it. */
  validate(client: RegistryClient): Promise<void>;
}

/** Creates a definition of 19 KB, or a smaller one of a few KB. */
export async function createLoaded(
  { client, labId }: Served,
  { name = NAME, isLarge = true } = {},
): Promise<Loaded> {
  const source = await sources();
  const padding = source('Padding2').replaceAll(/^/gm, '# ').repeat(3);
  const text = (revision: number) =>
    isLarge ? `${source(name, revision)}\n${padding}`.slice(0, BYTES) : source(name, revision);
  const { id } = await client.definitions.create({ name, source_code: text(0), lab_id: labId });
  let saved = 0;
  let validated = 0;
  return {
    id,
    name,
    path: `/definitions/${name}.git`,
    file: `${name}.py`,
    text,
    async save({ definitions }) {
      await definitions.change(id, { source_code: text(++saved) });
    },
    async validate({ definitions }) {
      await definitions.validate({ name, source_code: text(--validated) });
    },
  };
}
