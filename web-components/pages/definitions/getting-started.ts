/** What whoever has just started a registry does next. */
import { html, nothing } from 'lit';
import type { Me } from '../../../registry/schemas/people.ts';
import { icon } from '../../elements/icon.ts';

/** For a site admin while there is no lab; definitions belong to labs. */
export function gettingStarted(
  me: Me | null | undefined,
  labs: ReadonlyMap<number, string> | undefined,
) {
  if (!me?.user.is_admin || labs === undefined || labs.size > 0) return nothing;
  return html`<section class="card started" aria-label="First steps">
    <h2>First steps</h2>
    <ol>
      <li>${icon('lab')} <a href="/labs">Make a lab</a>: definitions, instruments and computers belong to one.</li>
      <li>${icon('people')} <a href="/users">Make accounts</a>, and make them members of the lab.</li>
      <li>
        ${icon('beaker')} <a href="/new">Write a definition</a>, or bring a folder of files along with
        <code>npx registry import &lt;folder&gt; --lab &lt;code&gt;</code>.
      </li>
      <li>${icon('key')} <a href="/account">Choose a password</a> of your own in place of the one-time password.</li>
    </ol>
  </section>`;
}
