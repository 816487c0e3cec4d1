/**
 * The notices at the top of a definition's page. A notice says that the definition is archived or proposed, or that the
 * version is revoked, deprecated or old.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { Definition } from '../../data/definitions.ts';
import { type IconName, icon } from '../../elements/icon.ts';
import { ago } from '../../elements/time.ts';
import { addressOf } from './address.ts';
import '@awesome.me/webawesome/dist/components/callout/callout.js';

export function notices(definition: Definition, requested: number | undefined) {
  const { name, is_archived, is_approved, revoked, deprecated, version } = definition;
  return [
    is_archived
      ? notice(
          'neutral',
          'archive',
          html`This definition is archived. Computers do not get archived definitions, and nobody can change them.`,
        )
      : nothing,
    is_approved
      ? nothing
      : notice(
          'warning',
          'mergeRequest',
          html`This definition is proposed and waits for its first review.`,
        ),
    revoked
      ? notice(
          'danger',
          'circleSlash',
          html`Version ${version} was <strong>revoked</strong>${verdict(revoked)}`,
        )
      : nothing,
    deprecated
      ? notice(
          'warning',
          'alert',
          html`Version ${version} is <strong>deprecated</strong>${verdict(deprecated)}`,
        )
      : nothing,
    requested === undefined
      ? nothing
      : notice(
          'neutral',
          'history',
          html`This is version ${requested}. <a href=${addressOf({ name })}>Go to the newest version</a>`,
        ),
  ];
}

function verdict({ reason, by, at }: NonNullable<Definition['revoked']>) {
  return html`${by ? ` by ${by}` : ''}, ${ago(at)}: ${reason}`;
}

function notice(
  variant: 'neutral' | 'warning' | 'danger',
  name: IconName,
  text: TemplateResult,
): TemplateResult {
  return html`<wa-callout variant=${variant} size="s" class="notice">
    ${icon(name, 'icon')}
    <p>${text}</p>
  </wa-callout>`;
}
