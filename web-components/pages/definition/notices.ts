/** What must be known of a definition, or of the version that is shown, before anything else. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Definition } from '../../data/definitions.ts';
import { type IconName, icon } from '../../elements/icon.ts';
import { ago } from '../../elements/time.ts';
import { addressOf } from './address.ts';
import '@awesome.me/webawesome/dist/components/callout/callout.js';

export function notices(definition: Definition, asked: number | undefined) {
  const { name, is_archived, is_approved, revoked, deprecated, version } = definition;
  return [
    is_archived
      ? notice(
          'neutral',
          'archive',
          html`It is archived: nobody is offered it, nothing in it changes.`,
        )
      : nothing,
    is_approved
      ? nothing
      : notice('warning', 'mergeRequest', html`It is proposed and waits for its first review.`),
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
    asked === undefined
      ? nothing
      : notice(
          'neutral',
          'history',
          html`This is version ${asked}. <a href=${addressOf({ name })}>Go to the newest</a>`,
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
