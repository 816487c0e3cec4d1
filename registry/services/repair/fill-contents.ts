/**
 * What versions hold, for those that an older registry indexed without it: filled in beside the running service, since
 * the schema's migrations cannot read git. Where nothing lacks it is one query.
 */
import { versionsWithoutContent } from '../../store/versions.ts';
import { type ContentDeps, contentAt } from '../content/version-content.ts';

export interface FillReport {
  filled: number;
  /** Those that cannot be read; they stay as they are. */
  failed: { name: string; error: Error }[];
}

/** Goes on where it stopped when it is called again; ends early at the signal. */
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
