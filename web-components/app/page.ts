import { LitElement } from 'lit';

export const windowTitle = (name: string) => `${name} · Definition Registry`;

/**
 * What every page is: an element with one `h1 tabindex="-1"`, there from its first rendering on, which is focused when
 * somebody has come to the page.
 */
export abstract class Page extends LitElement {
  /** What the window is called once it is known what is shown; nothing where somebody has gone on meanwhile. */
  protected called(name: string): void {
    if (this.isConnected) document.title = windowTitle(name);
  }

  async focusHeading(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }
}
