import type { Finding } from './findings.ts';

/** Lints in a worker while somebody types; made for one editor, and ended with it. */
export class Linter {
  readonly #worker: Worker;
  #asked = 0;

  /** `tell` hears of the newest text only. */
  constructor(tell: (findings: Finding[]) => void) {
    this.#worker = new Worker(new URL('./lint-worker.ts', import.meta.url), { type: 'module' });
    this.#worker.addEventListener(
      'message',
      ({ data }: MessageEvent<{ id: number; findings: Finding[] }>) => {
        if (data.id === this.#asked) tell(data.findings);
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
