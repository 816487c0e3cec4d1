/**
 * Adds the content of versions that an older registry indexed without content. The task runs beside the service,
 * because a migration cannot read git. If nothing is missing, the task costs one query.
 */
import { versionsWithoutContent } from '../../store/versions.ts';
import { type ContentDeps, contentAt } from '../content/version-content.ts';

export interface FillReport {
  filled: number;
  /** Versions that cannot be read and therefore stay without content. */
  failed: { name: string; error: Error }[];
}

/** Stops early if `signal` is aborted. The next call continues with the versions that still have no content. */
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
