import { LitElement } from 'lit';

export const windowTitle = (name: string) => `${name} · Definition Registry`;

/**
 * The base class of every page. A page has one `h1 tabindex="-1"` from its first rendering on. This heading gets the
 * focus when the user opens the page.
 */
export abstract class Page extends LitElement {
  /** Sets the window title once the content is loaded. Does nothing if the user has left the page. */
  protected setTitle(name: string): void {
    if (this.isConnected) document.title = windowTitle(name);
  }

  async focusHeading(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }
}
