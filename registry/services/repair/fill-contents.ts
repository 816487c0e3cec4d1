/**
 * Fills in the content of versions that an older registry indexed without it, beside the running service,
 * because migrations cannot read git. Costs one query if nothing is missing.
 */
import { versionsWithoutContent } from '../../store/versions.ts';
import { type ContentDeps, contentAt } from '../content/version-content.ts';

export interface FillReport {
  filled: number;
  /** Versions that cannot be read; they stay as they are. */
  failed: { name: string; error: Error }[];
}

/** Continues where it stopped when it is called again; stops early at the signal. */
export async function fillContents(deps: ContentDeps, signal: AbortSignal): Promise<FillReport> {
  const report: FillReport = { filled: 0, failed: [] };
  for (const { name, ...version } of await versionsWithoutContent(deps.store.em())) {
    if (signal.aborted) break;
    try {
      await contentAt(deps, name, version);
      report.filled += 1;
    } catch (error) {
      report.failed.push({ name, error: error as Error });
    }
  }
  return report;
}
