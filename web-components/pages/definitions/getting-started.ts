/** The first steps on a new registry. */
import { html, nothing } from 'lit';
import type { Me } from '../../../registry/schemas/people.ts';
import { icon } from '../../elements/icon.ts';

/** The first steps of a site admin, shown while there is no lab, because definitions belong to labs. */
export function gettingStarted(
  me: Me | null | undefined,
  labs: ReadonlyMap<number, string> | undefined,
) {
  if (!me?.user.is_admin || labs === undefined || labs.size > 0) return nothing;
  return html`<section class="card started" aria-label="First steps">
    <h2>First steps</h2>
    <ol>
      <li>${icon('lab')} <a href="/labs">Create a lab</a>. Definitions, instruments and computers belong to a lab.</li>
      <li>${icon('people')} <a href="/users">Create accounts</a> and add them to the lab.</li>
      <li>
        ${icon('beaker')} <a href="/new">Write a definition</a>, or import a folder of files with
        <code>npx registry import &lt;folder&gt; --lab &lt;code&gt;</code>.
      </li>
      <li>${icon('key')} <a href="/account">Choose a password</a> to replace the temporary one.</li>
    </ol>
  </section>`;
}
