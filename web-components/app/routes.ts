/** Which page stands at which path. A page is loaded when somebody first goes there. */
import { html, type TemplateResult } from 'lit';
import type { PagePath } from '../../registry/schemas/pages.ts';

export interface Route {
  /** Loads the module that defines the page's element. */
  load: () => Promise<unknown>;
  /** What the window is called there. */
  title: (params: Params) => string;
  render: (params: Params, query: URLSearchParams) => TemplateResult;
}

/** The named parts of a path, decoded. */
export type Params = Record<string, string>;

export const ROUTES: Record<PagePath, Route> = {
  '/': {
    load: () => import('../pages/definitions.ts'),
    title: () => 'Definitions',
    render: (_params, query) => html`<definitions-page .query=${query}></definitions-page>`,
  },
  '/sign-in': {
    load: () => import('../pages/sign-in.ts'),
    title: () => 'Sign in',
    render: (_params, query) => html`<sign-in-page .query=${query}></sign-in-page>`,
  },
  '/definitions/:name': {
    load: () => import('../pages/definition.ts'),
    title: ({ name }) => name ?? '',
    render: ({ name }, query) =>
      html`<definition-page .name=${name} .query=${query}></definition-page>`,
  },
  '/definitions/:name/compare': {
    load: () => import('../pages/compare.ts'),
    title: ({ name }) => `Compare versions of ${name}`,
    render: ({ name }, query) => html`<compare-page .name=${name} .query=${query}></compare-page>`,
  },
  '/definitions/:name/edit': {
    load: () => import('../pages/edit.ts'),
    title: ({ name }) => `Edit ${name}`,
    render: ({ name }) => html`<edit-page .name=${name}></edit-page>`,
  },
  '/new': {
    load: () => import('../pages/new.ts'),
    title: () => 'New definition',
    render: () => html`<new-page></new-page>`,
  },
  '/merge-requests': {
    load: () => import('../pages/merge-requests.ts'),
    title: () => 'Merge requests',
    render: (_params, query) => html`<merge-requests-page .query=${query}></merge-requests-page>`,
  },
  '/merge-requests/:number': {
    load: () => import('../pages/merge-request.ts'),
    title: ({ number }) => `Merge request !${number}`,
    render: ({ number }) =>
      html`<merge-request-page .number=${Number(number)}></merge-request-page>`,
  },
};

export const NOT_FOUND: Route = {
  load: () => import('../pages/not-found.ts'),
  title: () => 'Not found',
  render: () => html`<not-found-page></not-found-page>`,
};
