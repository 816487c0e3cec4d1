/**
 * Handles functions that are defined now and may run at any time. Everything that such a function may change is unknown
 * from here on.
 */

import { type Node, nameOf, textOf, walk } from '../syntax.ts';
import { changedIn } from './code.ts';
import { PURE, READS } from './facts.ts';
import type { Frame } from './frames.ts';
import type { State } from './state.ts';
import { spoil, UNKNOWN } from './values.ts';

/** Records the effects of a function, lambda or comprehension at `node`, created in `frame`. */
export function closure(state: State, node: Node, frame: Frame): void {
  const { text } = frame;
  const loosen = (name: Node | undefined): void => {
    if (name?.type === 'VariableName') frame.loose.add(nameOf(name, text));
  };
  walk(node, (one) => {
    if (one.type === 'ScopeStatement') for (const name of one.children.slice(1)) loosen(name);
    if (one.type === 'NamedExpression') loosen(one.children[0]);
    if (one.type === 'CallExpression') {
      const [callee, list] = one.children;
      const last = callee?.type === 'MemberExpression' ? callee.children[2] : callee;
      const name = last ? nameOf(last, text) : '';
      if (/^(?:setattr|delattr|vars|exec|eval|locals)$/.test(name)) state.lose();
      state.doomEffects(name);
      if (name === '_define_settings') state.settings ??= UNKNOWN;
      if (callee?.type === 'MemberExpression' && !READS.test(name)) touch(state, callee, frame);
      const isPure = PURE.test(callee ? textOf(callee, text).replace(/\s/g, '') : '');
      for (const given of isPure ? [] : (list?.children ?? [])) touch(state, given, frame);
    }
    for (const target of changedIn(one)) touch(state, target, frame);
    return true;
  });
}

/** Records that a function may later change a name or attribute. */
function touch(state: State, node: Node, frame: Frame): void {
  walk(node, (one) => {
    if (one.type === 'MemberExpression' && one.children[1]?.type === '.' && one.children[2]) {
      const [owner] = one.children;
      const isField =
        owner?.type === 'VariableName' &&
        frame.values.get(nameOf(owner, frame.text))?.kind === 'self';
      if (isField) state.doom(new Set([nameOf(one.children[2], frame.text)]));
      return !isField;
    }
    if (one.type === 'VariableName' && frame.own.has(nameOf(one, frame.text))) {
      const value = frame.values.get(nameOf(one, frame.text));
      if (value?.kind === 'self') state.lose();
      else if (value) spoil(value);
      frame.loose.add(nameOf(one, frame.text));
    }
    return true;
  });
}
