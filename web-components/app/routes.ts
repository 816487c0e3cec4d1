/** The page of each path. The module of a page loads on the first visit. */
import { html, type TemplateResult } from 'lit';
import type { PagePath } from '../../registry/schemas/pages.ts';

export interface Route {
  /** Loads the module that defines the element of the page. */
  load: () => Promise<unknown>;
  /** The window title. */
  title: (params: Params) => string;
  render: (params: Params, query: URLSearchParams) => TemplateResult;
  /**
   * Whether the page needs a signed-in user. Visitors who are not signed in go to the sign-in page first and then come
   * back.
   */
  needsSignIn?: true;
}

/** The named parts of a path, URL-decoded. */
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
    needsSignIn: true,
    render: ({ name }) => html`<edit-page .name=${name}></edit-page>`,
  },
  '/new': {
    load: () => import('../pages/new.ts'),
    title: () => 'New definition',
    needsSignIn: true,
    render: () => html`<new-page></new-page>`,
  },
  '/merge-requests': {
    load: () => import('../pages/merge-requests.ts'),
    title: () => 'Merge requests',
    needsSignIn: true,
    render: (_params, query) => html`<merge-requests-page .query=${query}></merge-requests-page>`,
  },
  '/merge-requests/:number': {
    load: () => import('../pages/merge-request.ts'),
    title: ({ number }) => `Merge request !${number}`,
    needsSignIn: true,
    render: ({ number }) =>
      html`<merge-request-page .number=${Number(number)}></merge-request-page>`,
  },
  '/instruments': {
    load: () => import('../pages/instruments.ts'),
    title: () => 'Instruments',
    needsSignIn: true,
    render: (_params, query) => html`<instruments-page .query=${query}></instruments-page>`,
  },
  '/instruments/:id': {
    load: () => import('../pages/instrument.ts'),
    title: () => 'Instrument',
    needsSignIn: true,
    render: ({ id }) => html`<instrument-page .number=${Number(id)}></instrument-page>`,
  },
  '/computers': {
    load: () => import('../pages/computers.ts'),
    title: () => 'Computers',
    needsSignIn: true,
    render: (_params, query) => html`<computers-page .query=${query}></computers-page>`,
  },
  '/computers/:name': {
    load: () => import('../pages/computer.ts'),
    title: ({ name }) => name ?? '',
    needsSignIn: true,
    render: ({ name }) => html`<computer-page .name=${name}></computer-page>`,
  },
  '/fleet': {
    load: () => import('../pages/fleet.ts'),
    title: () => 'Fleet',
    needsSignIn: true,
    render: (_params, query) => html`<fleet-page .query=${query}></fleet-page>`,
  },
  '/labs': {
    load: () => import('../pages/labs.ts'),
    title: () => 'Labs',
    needsSignIn: true,
    render: () => html`<labs-page></labs-page>`,
  },
  '/labs/:id': {
    load: () => import('../pages/lab.ts'),
    title: () => 'Lab',
    needsSignIn: true,
    render: ({ id }) => html`<lab-page .number=${Number(id)}></lab-page>`,
  },
  '/account': {
    load: () => import('../pages/account.ts'),
    title: () => 'Your account',
    needsSignIn: true,
    render: () => html`<account-page></account-page>`,
  },
  '/users': {
    load: () => import('../pages/users.ts'),
    title: () => 'Users',
    needsSignIn: true,
    render: (_params, query) => html`<users-page .query=${query}></users-page>`,
  },
  '/audit': {
    load: () => import('../pages/audit.ts'),
    title: () => 'Audit trail',
    needsSignIn: true,
    render: (_params, query) => html`<audit-page .query=${query}></audit-page>`,
  },
};

export const NOT_FOUND: Route = {
  load: () => import('../pages/not-found.ts'),
  title: () => 'Not found',
  render: () => html`<not-found-page></not-found-page>`,
};
