/**
 * The icons inside Web Awesome's components, from the same set as the interface's own icons. Web Awesome's default
 * icons come from a server on the internet and from `data:` addresses, and the Content-Security-Policy forbids both.
 */
import {
  registerIconLibrary,
  unregisterIconLibrary,
} from '@awesome.me/webawesome/dist/components/icon/library.js';
import calendar from '@primer/octicons/build/svg/calendar-16.svg?url';
import check from '@primer/octicons/build/svg/check-16.svg?url';
import chevronDown from '@primer/octicons/build/svg/chevron-down-16.svg?url';
import chevronLeft from '@primer/octicons/build/svg/chevron-left-16.svg?url';
import chevronRight from '@primer/octicons/build/svg/chevron-right-16.svg?url';
import clock from '@primer/octicons/build/svg/clock-16.svg?url';
import copy from '@primer/octicons/build/svg/copy-16.svg?url';
import dash from '@primer/octicons/build/svg/dash-16.svg?url';
import dot from '@primer/octicons/build/svg/dot-fill-16.svg?url';
import eye from '@primer/octicons/build/svg/eye-16.svg?url';
import eyeClosed from '@primer/octicons/build/svg/eye-closed-16.svg?url';
import ellipsis from '@primer/octicons/build/svg/kebab-horizontal-16.svg?url';
import plus from '@primer/octicons/build/svg/plus-16.svg?url';
import search from '@primer/octicons/build/svg/search-16.svg?url';
import x from '@primer/octicons/build/svg/x-16.svg?url';
import xCircle from '@primer/octicons/build/svg/x-circle-16.svg?url';

/** Icon files by the names that Web Awesome uses. If a new component needs another icon, add a line. */
const FILES: Record<string, string> = {
  ...{ calendar, check, clock, copy, ellipsis, eye, plus },
  'chevron-down': chevronDown,
  'chevron-left': chevronLeft,
  'chevron-right': chevronRight,
  circle: dot,
  'circle-xmark': xCircle,
  'eye-slash': eyeClosed,
  indeterminate: dash,
  'magnifying-glass': search,
  minus: dash,
  xmark: x,
};

export function registerComponentIcons(): void {
  unregisterIconLibrary('default');
  registerIconLibrary('system', {
    resolver: (name) => FILES[name] ?? '',
    mutator: (svg) => svg.setAttribute('fill', 'currentColor'),
  });
}
