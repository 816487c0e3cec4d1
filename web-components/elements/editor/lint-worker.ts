/** A worker that lints text with ruff, with the configuration and the severities of the registry. */
import load, {
  type Diagnostic as Found,
  PositionEncoding,
  Workspace,
} from '@astral-sh/ruff-wasm-web';
import { isFatal, RUFF_CONFIGURATION } from '../../../registry/definitions/ruff.ts';
import type { Finding } from './findings.ts';

const ready = load().then(() => new Workspace(RUFF_CONFIGURATION, PositionEncoding.Utf32));

self.addEventListener('message', async ({ data }: MessageEvent<{ id: number; text: string }>) => {
  const workspace = await ready;
  const found: Found[] = workspace.check(data.text);
  const findings = found.map((one): Finding => {
    const { code, message, start_location: start, end_location: end } = one;
    return {
      ...{ line: start.row, column: start.column, end_line: end.row, end_column: end.column },
      code: code === null || code === 'invalid-syntax' ? 'syntax' : code,
      message,
      severity: code === null || code === 'invalid-syntax' || isFatal(code) ? 'error' : 'warning',
    };
  });
  const syntax = findings.filter(({ code }) => code === 'syntax');
  // If the text has syntax errors, the other findings mean nothing.
  self.postMessage({ id: data.id, findings: syntax.length > 0 ? syntax : findings });
});
