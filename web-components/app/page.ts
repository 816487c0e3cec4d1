import { LitElement } from 'lit';

/**
 * What every page is: an element with one `h1 tabindex="-1"`, there from its first rendering on, which is focused when
 * somebody has come to the page.
 */
export abstract class Page extends LitElement {
  async focusHeading(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }
}
