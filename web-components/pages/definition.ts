import { Task } from '@lit/task';
import { css, html, nothing } from 'lit';
import { goTo, signInAddress } from '../app/go.ts';
import { Page } from '../app/page.ts';
import { RegistryError } from '../data/client.ts';
import { type Definition, readDefinition } from '../data/definitions.ts';
import { LiveController } from '../data/events.ts';
import { listLabNames } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import { badge, statusBadge } from '../elements/badge.ts';
import { icon } from '../elements/icon.ts';
import { revealHidden } from '../elements/reveal-hidden.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { shared } from '../styles/shared.ts';
import './definition/actions.ts';
import { addressOf, VIEWS, type View } from './definition/address.ts';
import { notices } from './definition/notices.ts';
import './definition/overview.ts';
import './definition/source.ts';
import './definition/versions.ts';

/** `/definitions/<Name>?view=…&version=N`: a definition, at its newest version or an older one. */
export class DefinitionPage extends Page {
  static override properties = { name: {}, query: { attribute: false } };
  static override styles = [
    shared,
    css`
      header {
        display: grid;
        gap: var(--wa-space-2xs);
      }
      header:has(+ .notice) {
        margin-block-end: var(--wa-space-s);
      }
      .actions {
        margin-inline-start: auto;
      }
      .views {
        display: flex;
        gap: var(--wa-space-l);
        margin-block: var(--wa-space-m) var(--wa-space-l);
        border-block-end: 1px solid var(--wa-color-surface-border);
        overflow-x: auto;
      }
      .views a {
        display: flex;
        align-items: center;
        gap: var(--wa-space-2xs);
        padding-block: var(--wa-space-xs);
        border-block-end: 2px solid transparent;
        color: var(--wa-color-text-quiet);
        white-space: nowrap;
      }
      .views a:hover {
        text-decoration: none;
        color: var(--wa-color-text-normal);
      }
      .views a[aria-current] {
        border-color: var(--wa-color-brand-fill-loud);
        color: var(--wa-color-text-normal);
        font-weight: var(--wa-font-weight-semibold);
      }
    `,
  ];
  declare name: string;
  declare query: URLSearchParams;
  readonly #session = new SessionController(this);

  readonly #definition = new Task(this, {
    task: async ([name, version]) => await readDefinition(name, version),
    args: () => [this.name, this.#version, this.#session.me?.user.id] as const,
    onError: (error) => {
      // A visitor who is not signed in may be able to see the definition after signing in.
      const isHidden = error instanceof RegistryError && error.status === 404;
      if (isHidden && this.#session.me === null) goTo(signInAddress(), { replace: true });
    },
  });
  readonly #labs = new Task(this, {
    task: listLabNames,
    args: () => [this.#session.me?.user.id] as const,
  });

  constructor() {
    super();
    new LiveController(
      this,
      [
        'definition.landed',
        'definition.changed',
        'version.deprecated',
        'version.revoked',
        'version.reinstated',
      ],
      ({ type, data }) => {
        if (type === 'reset' || ('definition' in data && data.definition.name === this.name))
          this.#reload();
      },
    );
    this.addEventListener('definition-changed', () => this.#reload());
  }

  get #version(): number | undefined {
    return Number(this.query.get('version')) || undefined;
  }

  get #view(): View {
    const asked = this.query.get('view') as View | null;
    return asked && asked in VIEWS ? asked : 'overview';
  }

  #reload() {
    void this.#definition.run();
  }

  override render() {
    const definition = this.#definition.value;
    return html`<header>
        <div class="row">
          <h1 tabindex="-1">${revealHidden(definition?.display_name ?? this.name)}</h1>
          ${definition ? this.#badges(definition) : nothing}
          ${
            definition
              ? html`<definition-actions class="actions" .definition=${definition}></definition-actions>`
              : nothing
          }
        </div>
        ${definition ? this.#byline(definition) : nothing}
      </header>
      ${this.#isAbsent ? this.#absent() : whenLoaded(this.#definition, (loaded) => this.#loaded(loaded))}`;
  }

  #badges({ status, is_builtin, is_public, is_approved, is_archived, version }: Definition) {
    return [
      version === null ? nothing : badge(`v${version}`, 'brand', 'tag'),
      is_archived ? badge('archived', 'neutral', 'archive') : nothing,
      is_approved ? nothing : badge('proposed', 'warning', 'mergeRequest'),
      statusBadge(status),
      is_builtin
        ? badge('built-in', 'neutral', 'builtin')
        : is_public
          ? badge('public', 'neutral', 'globe')
          : badge('lab only', 'neutral', 'lock'),
    ];
  }

  #byline({ name, manufacturer, category, instrument_type, lab_id }: Definition) {
    const lab = lab_id === null ? undefined : this.#labs.value?.get(lab_id);
    const parts = [manufacturer, category, instrument_type, lab].filter(Boolean);
    return html`<p class="quiet"><code>${name}</code>${parts.map((part) => html` · ${part}`)}</p>`;
  }

  #loaded(definition: Definition) {
    const at = { name: this.name, version: this.#version };
    return html`${notices(definition, this.#version)}
      <nav class="views" aria-label="Views">
        ${Object.entries(VIEWS).map(
          ([view, { label, icon: name }]) =>
            html`<a
              href=${addressOf({ ...at, view: view as View })}
              aria-current=${view === this.#view ? 'page' : nothing}
              >${icon(name)} ${label}</a
            >`,
        )}
      </nav>
      ${this.#content(definition)}`;
  }

  #content(definition: Definition) {
    switch (this.#view) {
      case 'code':
        return html`<definition-source
          .definition=${definition}
          .path=${this.query.get('file') ?? ''}
          .version=${this.#version}
        ></definition-source>`;
      case 'versions':
        return html`<definition-versions .definition=${definition}></definition-versions>`;
      default:
        return html`<definition-overview .definition=${definition}></definition-overview>`;
    }
  }

  get #isAbsent(): boolean {
    const { error } = this.#definition;
    return error instanceof RegistryError && error.status === 404;
  }

  #absent() {
    const signIn = html`<a href="/sign-in?next=${encodeURIComponent(location.pathname)}">Sign in</a> to
      see the definitions of your lab.`;
    return empty(
      'search',
      `${this.#version === undefined ? 'Definition' : `Version ${this.#version}`} not found`,
      this.#session.me
        ? html`There is no such definition or version, or you may not see it. Go to the <a href="/">definitions</a>.`
        : signIn,
    );
  }
}

customElements.define('definition-page', DefinitionPage);

declare global {
  interface HTMLElementTagNameMap {
    'definition-page': DefinitionPage;
  }
}
