import type { Finding } from './findings.ts';

/** Lints text in a worker while the user types. Each editor has a linter of its own. */
export class Linter {
  readonly #worker: Worker;
  #asked = 0;

  /** `onFindings` is called with the findings in the newest text only. */
  constructor(onFindings: (findings: Finding[]) => void) {
    this.#worker = new Worker(new URL('./lint-worker.ts', import.meta.url), { type: 'module' });
    this.#worker.addEventListener(
      'message',
      ({ data }: MessageEvent<{ id: number; findings: Finding[] }>) => {
        if (data.id === this.#asked) onFindings(data.findings);
      },
    );
  }

  lint(text: string): void {
    this.#asked += 1;
    this.#worker.postMessage({ id: this.#asked, text });
  }

  end(): void {
    this.#worker.terminate();
  }
}
