import { RegistryError } from '../../client/typescript/client.ts';
import type { ProblemDocument } from '../../registry/schemas/common.ts';

/** Returns the problem document of a refused call. Throws if the call succeeds. */
export async function problemOf(call: Promise<unknown>): Promise<ProblemDocument> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RegistryError) return error.problem;
    throw error;
  }
  throw new Error('the call was not refused');
}
