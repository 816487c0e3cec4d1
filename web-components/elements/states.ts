/** The states of loaded data: loading, loaded, failed and empty. */
import { type Task, TaskStatus } from '@lit/task';
import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { shared } from '../styles/shared.ts';
import { type IconName, icon } from './icon.ts';
import { explain } from './problem.ts';
import '@awesome.me/webawesome/dist/components/spinner/spinner.js';

/** The last value of each task. A task itself drops its value when it fails. */
const lastValues = new WeakMap<object, unknown>();

/**
 * Renders the value of a task. The last value stays on screen while the task runs again. If the task fails, a problem
 * and a button to try again are rendered. After a temporary failure, such as an unreachable registry, the last value
 * also stays, because the user may be typing in it.
 */
export function whenLoaded<T>(
  task: Task<readonly unknown[], T>,
  render: (value: T) => unknown,
): unknown {
  const failed = task.status === TaskStatus.ERROR;
  if (task.value !== undefined) lastValues.set(task, task.value);
  else if (failed && !explain(task.error).mayPass) lastValues.delete(task);
  const value = lastValues.get(task) as T | undefined;
  return html`${
    failed
      ? html`<registry-problem
          .error=${task.error}
          retry
          @retry=${() => void task.run()}
        ></registry-problem>`
      : nothing
  }
  ${value !== undefined ? render(value) : failed ? nothing : html`<registry-loading></registry-loading>`}`;
}

/** An empty state: a title and what to do next. */
export function empty(name: IconName, title: string, next: unknown): TemplateResult {
  return html`<registry-empty .heading=${title} .icon=${name}>${next}</registry-empty>`;
}

/** A spinner that appears only after a delay, so that quick answers do not flicker. */
export class RegistryLoading extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        place-items: center;
        padding: var(--wa-space-2xl);
        font-size: var(--wa-font-size-xl);
        animation: appear 1ms 250ms both;
      }
      @keyframes appear {
        from {
          opacity: 0;
        }
      }
    `,
  ];

  override render() {
    return html`<wa-spinner aria-label="Loading"></wa-spinner>`;
  }
}

/**
 * An empty state.
 *
 * @slot - What to do next, in a sentence or a button.
 */
export class RegistryEmpty extends LitElement {
  static override properties = { heading: {}, icon: { attribute: false } };
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        justify-items: center;
        gap: var(--wa-space-xs);
        padding: var(--wa-space-2xl) var(--wa-space-m);
        color: var(--wa-color-text-quiet);
        text-align: center;
      }
      .icon {
        font-size: 1.75rem;
      }
      p {
        color: var(--wa-color-text-normal);
        font-weight: var(--wa-font-weight-semibold);
      }
    `,
  ];
  declare heading: string;
  declare icon: IconName;

  override render() {
    return html`${icon(this.icon)}
      <p>${this.heading}</p>
      <div><slot></slot></div>`;
  }
}

customElements.define('registry-loading', RegistryLoading);
customElements.define('registry-empty', RegistryEmpty);

declare global {
  interface HTMLElementTagNameMap {
    'registry-loading': RegistryLoading;
    'registry-empty': RegistryEmpty;
  }
}
