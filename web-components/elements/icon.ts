/** The icons of the interface: GitHub's Octicons, bundled, in the colour of the text and hidden from screen readers. */
import alert from '@primer/octicons/build/svg/alert-16.svg?raw';
import archive from '@primer/octicons/build/svg/archive-16.svg?raw';
import beaker from '@primer/octicons/build/svg/beaker-16.svg?raw';
import check from '@primer/octicons/build/svg/check-16.svg?raw';
import chevronDown from '@primer/octicons/build/svg/chevron-down-16.svg?raw';
import chevronLeft from '@primer/octicons/build/svg/chevron-left-16.svg?raw';
import chevronRight from '@primer/octicons/build/svg/chevron-right-16.svg?raw';
import circleSlash from '@primer/octicons/build/svg/circle-slash-16.svg?raw';
import clock from '@primer/octicons/build/svg/clock-16.svg?raw';
import offline from '@primer/octicons/build/svg/cloud-offline-16.svg?raw';
import code from '@primer/octicons/build/svg/code-16.svg?raw';
import comment from '@primer/octicons/build/svg/comment-16.svg?raw';
import copy from '@primer/octicons/build/svg/copy-16.svg?raw';
import cpu from '@primer/octicons/build/svg/cpu-16.svg?raw';
import system from '@primer/octicons/build/svg/device-desktop-16.svg?raw';
import computers from '@primer/octicons/build/svg/devices-16.svg?raw';
import diff from '@primer/octicons/build/svg/diff-16.svg?raw';
import download from '@primer/octicons/build/svg/download-16.svg?raw';
import file from '@primer/octicons/build/svg/file-16.svg?raw';
import filter from '@primer/octicons/build/svg/filter-16.svg?raw';
import commit from '@primer/octicons/build/svg/git-commit-16.svg?raw';
import merge from '@primer/octicons/build/svg/git-merge-16.svg?raw';
import mergeRequest from '@primer/octicons/build/svg/git-pull-request-16.svg?raw';
import globe from '@primer/octicons/build/svg/globe-16.svg?raw';
import history from '@primer/octicons/build/svg/history-16.svg?raw';
import inbox from '@primer/octicons/build/svg/inbox-16.svg?raw';
import info from '@primer/octicons/build/svg/info-16.svg?raw';
import more from '@primer/octicons/build/svg/kebab-horizontal-16.svg?raw';
import key from '@primer/octicons/build/svg/key-16.svg?raw';
import lock from '@primer/octicons/build/svg/lock-16.svg?raw';
import log from '@primer/octicons/build/svg/log-16.svg?raw';
import moon from '@primer/octicons/build/svg/moon-16.svg?raw';
import lab from '@primer/octicons/build/svg/organization-16.svg?raw';
import builtin from '@primer/octicons/build/svg/package-16.svg?raw';
import pencil from '@primer/octicons/build/svg/pencil-16.svg?raw';
import people from '@primer/octicons/build/svg/people-16.svg?raw';
import person from '@primer/octicons/build/svg/person-16.svg?raw';
import plug from '@primer/octicons/build/svg/plug-16.svg?raw';
import plus from '@primer/octicons/build/svg/plus-16.svg?raw';
import pulse from '@primer/octicons/build/svg/pulse-16.svg?raw';
import search from '@primer/octicons/build/svg/search-16.svg?raw';
import shield from '@primer/octicons/build/svg/shield-check-16.svg?raw';
import signIn from '@primer/octicons/build/svg/sign-in-16.svg?raw';
import signOut from '@primer/octicons/build/svg/sign-out-16.svg?raw';
import sun from '@primer/octicons/build/svg/sun-16.svg?raw';
import sync from '@primer/octicons/build/svg/sync-16.svg?raw';
import tag from '@primer/octicons/build/svg/tag-16.svg?raw';
import bars from '@primer/octicons/build/svg/three-bars-16.svg?raw';
import trash from '@primer/octicons/build/svg/trash-16.svg?raw';
import undo from '@primer/octicons/build/svg/undo-16.svg?raw';
import unverified from '@primer/octicons/build/svg/unverified-16.svg?raw';
import verified from '@primer/octicons/build/svg/verified-16.svg?raw';
import versions from '@primer/octicons/build/svg/versions-16.svg?raw';
import x from '@primer/octicons/build/svg/x-16.svg?raw';
import { html, type TemplateResult } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { unsafeSVG } from 'lit/directives/unsafe-svg.js';

const ICONS = {
  ...{ alert, archive, bars, beaker, builtin, check, chevronDown, chevronLeft, chevronRight },
  ...{ circleSlash, clock, code, comment, commit, computers, copy, cpu, diff, download, file },
  ...{ filter, globe, history, inbox, info, key, lab, lock, log, merge, mergeRequest, moon, more },
  ...{ offline, pencil, people, person, plug, plus, pulse, search, shield, signIn, signOut, sun },
  ...{ sync, system, tag, trash, undo, unverified, verified, versions, x },
};

export type IconName = keyof typeof ICONS;

/** The content of the svg element, which may be used as HTML because the icon files are part of the bundle. */
const paths = (file: string) => unsafeSVG(file.replace(/<\/?svg[^>]*>/g, ''));

/** An `svg.icon`, which styles/shared.ts scales to the text around it. */
export function icon(name: IconName, slot?: string): TemplateResult {
  return html`<svg class="icon" slot=${ifDefined(slot)} viewBox="0 0 16 16" aria-hidden="true">
    ${paths(ICONS[name])}
  </svg>`;
}
