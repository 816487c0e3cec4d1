/**
 * An instance as its class makes it: the bodies of its classes and its constructor, read as Python would run them. A
 * statement that may not run, or may run twice, makes unknown what it changes; so does whatever cannot be followed.
 */

import { bindingsIn } from './binding.ts';
import type { Ancestor, ClassAt, Classes } from './classes.ts';
import { definitionOf } from './classes.ts';
import { Expressions } from './expressions.ts';
import { type Facts, holds, PRIVATE, PURE, READS } from './facts.ts';
import { branchesOf, condition } from './flow.ts';
import { type Frame, frameOf, type Given, type World } from './frames.ts';
import {
  changedIn,
  functionAt,
  functionsOf,
  globalsIn,
  HOOKS,
  isAbsent,
  isLast,
  NOTHING_GIVEN,
  ODD,
  ownName,
  partly,
  rootOf,
} from './instance-code.ts';
import { BASE_CLASSES, OLDER_MODULES, PROVIDED_NAMES } from './pybirch.ts';
import type { Meaning } from './resolve.ts';
import {
  child,
  dottedName,
  type FunctionStatement,
  groups,
  type Node,
  nameOf,
  type Statement,
  textOf,
  walk,
} from './syntax.ts';
import {
  binary,
  keyOf,
  NONE,
  sequence,
  spoil,
  text as textValue,
  UNKNOWN,
  type Value,
} from './values.ts';

/** Expressions and statements that one construction may take: calls of calls could double without end. */
const BUDGET = 60_000;
const MAX_CALLS = 30;

/** Methods of PyBirch's own that call none of the instance's and set nothing that describes it. */
const QUIET =
  /^(?:_delay|check_connection|columns|__base_class__|_reset_settings_to_defaults|serialize)$/;

/** Decorators that leave a method what it is. */
const TRANSPARENT = /^@\s*(?:typing\.)?(?:override|final|abstractmethod|abc\.abstractmethod)$/;

export class Instance implements World {
  readonly #classes: Classes;
  readonly #line: readonly Ancestor[];
  readonly #facts: Facts;
  readonly #expressions = new Expressions(this);
  readonly #attributes = new Map<string, Value>();
  /** What a function that runs later, or a descriptor, may set at any time. */
  readonly #doomed = new Set<string>();
  readonly #bodies = new Map<Ancestor, Map<string, Value>>();
  readonly #globals = new Map<string, Value>();
  /** What `_define_settings` was given the last time; null before. */
  #settings: Value | null = null;
  #maybe = 0;
  #left = BUDGET;
  #calls = 0;
  /** Nothing is known of the instance at all. */
  #isLost = false;
  /** Settings may get other values than their defaults. */
  #areSettingsLoose = false;

  /** @param line one of the lines that `Classes.lines` gives, the class of the instance first */
  constructor(classes: Classes, line: readonly Ancestor[], facts: Facts) {
    this.#classes = classes;
    this.#line = line;
    this.#facts = facts;
    for (const one of line) if (one.kind === 'class') this.#runBody(one);
    if (this.#isOdd()) this.#isLost = true;
    else this.callMethod('__init__', 0, { positional: [], keywords: new Map(), starred: true });
  }

  /** What the attribute is after construction; null where nothing that is known sets it. */
  read(name: string): Value | null {
    if (this.#isLost || this.#left < 0 || this.#doomed.has(name)) return UNKNOWN;
    if (this.#facts.rebound.has(name) || this.#facts.handed.has(name)) return UNKNOWN;
    for (const one of this.#line) {
      const kept = one.kind === 'class' ? this.#bodies.get(one)?.get(name) : undefined;
      // It can be a property or another descriptor.
      if (kept?.kind === 'unknown' || kept?.kind === 'method') return UNKNOWN;
    }
    const own = this.#attributes.get(name);
    if (own) return own;
    for (const one of this.#line) {
      if (one.kind === 'foreign') return UNKNOWN;
      const kept = one.kind === 'class' ? this.#bodies.get(one)?.get(name) : undefined;
      if (kept) return kept;
    }
    return null;
  }

  /** What the settings are by default; null where none are defined. */
  settings(): Value | null {
    const isHidden = this.#line.some((one) => {
      const kept = one.kind === 'class' ? this.#bodies.get(one)?.get('settings') : undefined;
      // A property shows them in its own way; anything else takes the place of PyBirch's.
      return kept !== undefined && one.kind === 'class' && !this.#function(one.at, 'settings');
    });
    if (this.#isLost || this.#left < 0 || isHidden) return this.#settings && UNKNOWN;
    return this.#settings;
  }

  /** Whether a setting has been given another value than its default since; PyBirch keeps `gain` as `_gain`. */
  isChanged(setting: string, value: Value): boolean {
    if (this.#areSettingsLoose) return true;
    const name = `_${setting}`;
    return (
      this.#attributes.get(name) !== value ||
      this.#doomed.has(name) ||
      this.#facts.rebound.has(name)
    );
  }

  spend(): boolean {
    return --this.#left >= 0;
  }

  isSure(): boolean {
    return this.#maybe === 0;
  }

  /** Runs something that may not run, or may run more than once. */
  maybe(what: () => void): void {
    this.#maybe++;
    what();
    this.#maybe--;
  }

  /** What somebody unknown holds may be changed at any time. */
  escape(value: Value): void {
    if (value.kind === 'self') this.forget();
    else if (value.kind === 'method') this.#doom(this.#facts.effects(value.name));
    else spoil(value);
  }

  /** Gives arguments to somebody unknown. */
  hand({ positional, keywords }: Given): Value {
    for (const one of [...positional, ...keywords.values()]) this.escape(one);
    return UNKNOWN;
  }

  /** Everything that was set so far may have been changed. */
  forget(): void {
    this.spoilAll();
    for (const name of this.#attributes.keys()) this.#attributes.set(name, UNKNOWN);
    for (const one of this.#line)
      for (const name of this.#bodies.get(one)?.keys() ?? []) this.#attributes.set(name, UNKNOWN);
    if (this.#settings) this.#settings = UNKNOWN;
  }

  spoilAll(): void {
    for (const value of this.#attributes.values()) spoil(value);
    for (const body of this.#bodies.values()) for (const value of body.values()) spoil(value);
  }

  name(node: Node, frame: Frame): Value {
    const name = nameOf(node, frame.text);
    if (frame.loose.has(name)) return UNKNOWN;
    if (frame.own.has(name)) {
      const value = frame.values.get(name);
      if (value) return value;
      if (frame.kind === 'function') return UNKNOWN;
    }
    return this.#meant(this.#meanings(node, frame), name);
  }

  /** The value of `module.NAME` or `Class.NAME`; undefined where the expression is not of that form. */
  global(node: Node, frame: Frame): Value | undefined {
    const dotted = dottedName(node, frame.text);
    const [root = '', ...rest] = dotted?.split('.') ?? [];
    if (dotted === null || frame.own.has(root)) return undefined;
    const owner = node.children[0] as Node;
    const cls = this.classOf(owner, frame);
    if (cls) return this.#ofClass(cls, rest.at(-1) as string);
    return this.#meant(this.#meanings(node, frame), rest.at(-1) as string);
  }

  /** The class that an expression names, if it surely names one. */
  classOf(node: Node, frame: Frame): Ancestor | undefined {
    const dotted = dottedName(node, frame.text);
    if (dotted === null || frame.own.has(dotted.split('.')[0] as string)) return undefined;
    const [only, ...more] = this.#meanings(node, frame);
    if (!only || more.length > 0) return undefined;
    if (only.kind === 'class')
      return (
        this.#line.find((one) => one.kind === 'class' && one.at.statement === only.statement) ?? {
          kind: 'class',
          at: this.#classes.at(only),
        }
      );
    if (only.kind !== 'outside' && only.kind !== 'free') return undefined;
    const { name } = only;
    return this.#line.find((one) => one.kind !== 'class' && one.name === name);
  }

  /** The place in the line of the class that an expression names; -1 where it has none. */
  placeOf(node: Node, frame: Frame): number {
    const cls = this.classOf(node, frame);
    return cls ? this.#line.indexOf(cls) : -1;
  }

  isNumpy(node: Node, frame: Frame): boolean {
    if (frame.own.has(rootOf(node, frame.text))) return false;
    const [only, ...more] = this.#meanings(node, frame);
    if (more.length > 0) return false;
    if (only?.kind === 'free') return only.name === 'np';
    return only?.kind === 'module' && only.path === undefined && only.dotted === 'numpy';
  }

  /** Something of a module that is not the program's. */
  isOutside(node: Node, frame: Frame): boolean {
    if (frame.own.has(rootOf(node, frame.text))) return false;
    const meanings = this.#meanings(node, frame);
    return meanings.every(
      (one) =>
        one.kind === 'outside' ||
        (one.kind === 'module' && one.path === undefined) ||
        (one.kind === 'free' && PROVIDED_NAMES.includes(one.name)),
    );
  }

  isBuiltin(name: string, frame: Frame): boolean {
    const [only, ...more] = this.#classes.resolver.name(frame.path, name);
    return only?.kind === 'free' && more.length === 0 && !this.#facts.wild;
  }

  /** The attribute of the instance as code of the class sees it. */
  attribute(name: string): Value {
    if (name === '__dict__' || name === '__class__') {
      this.forget();
      return UNKNOWN;
    }
    if (name === '_settings_defaults' && this.#settings) this.#settings = UNKNOWN;
    if (this.#doomed.has(name) || this.#facts.rebound.has(name)) return UNKNOWN;
    const own = this.#attributes.get(name);
    for (const one of this.#line) {
      if (one.kind === 'foreign' && !own) return UNKNOWN;
      if (one.kind !== 'class') continue;
      const found = this.#function(one.at, name);
      if (found && found.decorators.length === 0) return own ?? { kind: 'method', name };
      if (found) {
        // A property runs when it is read.
        this.maybe(() => this.#run(one, found, NOTHING_GIVEN));
        return UNKNOWN;
      }
      const kept = this.#bodies.get(one)?.get(name);
      if (kept) return own ?? kept;
    }
    return own ?? UNKNOWN;
  }

  setAttribute(name: string, value: Value): void {
    const setters = this.#line.flatMap((one) =>
      one.kind === 'class'
        ? functionsOf(one.at.statement.body)
            .filter((f) => f.name === name && f.decorators.length > 0)
            .map((f) => ({ one, f }))
        : [],
    );
    for (const { one, f } of setters) {
      const given = { positional: [UNKNOWN], keywords: new Map(), starred: false };
      this.maybe(() => this.#run(one, f, given));
      spoil(value);
    }
    if (name === '__dict__' || name === '__class__') this.forget();
    if (/^(?:settings|_settings_defaults)$/.test(name) && this.#settings) this.#settings = UNKNOWN;
    if (!this.isSure()) spoil(value);
    this.#attributes.set(name, this.isSure() ? value : UNKNOWN);
  }

  /** `Base.method(self, …)` and the like. */
  callOn(cls: Ancestor, name: string, given: Given): Value {
    const [first, ...positional] = given.positional;
    if (this.#line.includes(cls) && first?.kind === 'self') {
      const at = this.#placeOf(cls, name);
      if (at >= 0) return this.callMethod(name, at, { ...given, positional }, true);
      this.forget();
      return this.hand(given);
    }
    if (cls.kind !== 'class') return this.hand(given);
    const found = this.#function(cls.at, name);
    const decorator = found?.decorators.map((one) => textOf(one, cls.at.module.text)).join();
    if (found && (decorator === '' || decorator === '@staticmethod'))
      return this.#run(cls, found, given, true);
    this.#doom(this.#facts.effects(name));
    return this.hand(given);
  }

  /** Where the line has the method that `cls` has or inherits: what stands between may not be among its own ancestors. */
  #placeOf(cls: Ancestor, name: string): number {
    if (cls.kind !== 'class') return this.#line.indexOf(cls);
    const [only, ...more] = this.#classes.lines(cls.at) ?? [];
    const owner = only?.find((one) =>
      one.kind === 'class'
        ? this.#function(one.at, name) || this.#bodyOf(one)?.has(name)
        : one.kind !== 'plain',
    );
    if (!owner || more.length > 0) return -1;
    return this.#line.findIndex((one) =>
      one.kind === 'class'
        ? owner.kind === 'class' && one.at.statement === owner.at.statement
        : owner.kind === one.kind && owner.name === one.name,
    );
  }

  #bodyOf(cls: Ancestor & { kind: 'class' }): ReadonlyMap<string, Value> | undefined {
    const own = this.#line.find(
      (one) => one.kind === 'class' && one.at.statement === cls.at.statement,
    );
    return own && this.#bodies.get(own);
  }

  /** Calls the method that the line has from this place on. */
  callMethod(name: string, from: number, given: Given, own = false): Value {
    const instead = from === 0 && !own ? this.#attributes.get(name) : undefined;
    if (instead || this.#doomed.has(name)) {
      this.#doom(this.#facts.effects(name));
      return this.hand(given);
    }
    for (const [at, one] of this.#line.entries()) {
      if (at < from) continue;
      if (one.kind !== 'class') {
        if (one.kind === 'plain') continue;
        if (one.kind === 'foreign') {
          this.forget();
          return this.hand(given);
        }
        if (name === '_perform_measurement_impl' || isAbsent(one.name, name)) continue;
        return this.#callPybirch(one.name, name, given);
      }
      const found = this.#function(one.at, name);
      if (!found) {
        if (!this.#bodies.get(one)?.has(name)) continue;
        this.forget();
        return this.hand(given);
      }
      const decorators = found.decorators
        .map((d) => textOf(d, one.at.module.text))
        .filter((d) => !TRANSPARENT.test(d));
      if (decorators.length === 0) return this.#run(one, found, given);
      if (decorators.join() === '@staticmethod') return this.#run(one, found, given, true);
      this.maybe(() => this.#run(one, found, { ...given, starred: true }));
      if (decorators.join() !== '@classmethod') this.forget();
      return this.hand(given);
    }
    return this.hand(given);
  }

  /** Calls a function or class of the module by an expression that is not a method. */
  callFunction(callee: Node, given: Given, frame: Frame): Value {
    const [only, ...more] = this.#meanings(callee, frame);
    if (more.length === 0 && only?.kind === 'value') {
      const found = functionAt(this.#classes.resolver.module(only.path).statements, only.node);
      if (found && found.decorators.length === 0)
        return this.#runFunction(only.path, -1, found, given.positional, given);
    }
    const name = textOf(callee, frame.text);
    this.#doom(this.#facts.effects(name));
    if (more.length === 0 && only?.kind === 'class') {
      this.#doom(this.#facts.effects('__init__'), given);
    }
    return this.hand(given);
  }

  /** A function that is made now and may run at any time: what it may change is not known from here on. */
  closure(node: Node, frame: Frame): void {
    const { text } = frame;
    walk(node, (one) => {
      if (one.type === 'ScopeStatement')
        for (const name of one.children.slice(1))
          if (name.type === 'VariableName') frame.loose.add(nameOf(name, text));
      if (one.type === 'NamedExpression' && one.children[0]) this.#loosen(one.children[0], frame);
      if (one.type === 'CallExpression') {
        const [callee, list] = one.children;
        const last = callee?.type === 'MemberExpression' ? callee.children[2] : callee;
        const name = last ? nameOf(last, text) : '';
        if (/^(?:setattr|delattr|vars|exec|eval|locals)$/.test(name)) this.#lose();
        this.#doom(this.#facts.effects(name));
        if (name === '_define_settings' && this.#settings === null) this.#settings = UNKNOWN;
        if (callee?.type === 'MemberExpression' && !READS.test(name)) this.#touch(callee, frame);
        const isPure = PURE.test(callee ? textOf(callee, text).replace(/\s/g, '') : '');
        for (const given of isPure ? [] : (list?.children ?? [])) this.#touch(given, frame);
      }
      for (const target of changedIn(one)) this.#touch(target, frame);
      return true;
    });
  }

  store(target: Node, value: Value, frame: Frame): void {
    const { text } = frame;
    switch (target.type) {
      case 'VariableName': {
        const name = nameOf(target, text);
        if (!this.isSure()) spoil(value);
        frame.values.set(name, this.isSure() ? value : UNKNOWN);
        return;
      }
      case 'MemberExpression':
        this.#storeMember(target, value, frame);
        return;
      case 'TupleExpression':
      case 'ArrayExpression':
      case 'ParenthesizedExpression': {
        const targets = target.children.filter((one) => !/^[()[\],]$/.test(one.type));
        this.#unpack(targets, value, frame);
        return;
      }
      default:
        this.escape(value);
    }
  }

  #storeMember(target: Node, value: Value, frame: Frame): void {
    const [object, sign, property] = target.children;
    if (!object || !property) return;
    const owner = this.#expressions.value(object, frame);
    if (sign?.type === '.') {
      if (owner.kind === 'self') this.setAttribute(nameOf(property, frame.text), value);
      else {
        this.escape(value);
        // `self.__class__.columns = …`, `Class.columns = …` are among the facts, by name.
        this.escape(owner);
      }
      return;
    }
    const written = target.children.slice(2, -1);
    const key =
      written.length === 1 && written[0] ? this.#expressions.value(written[0], frame) : UNKNOWN;
    const name = keyOf(key);
    if (owner.kind === 'dict' && !owner.spoiled && this.isSure() && name !== null)
      owner.entries.set(name, { key: owner.entries.get(name)?.key ?? key, value });
    else {
      spoil(value);
      this.escape(owner);
    }
  }

  #unpack(targets: readonly Node[], value: Value, frame: Frame): void {
    const plain = targets.filter(({ type }) => type !== '*');
    const isKnown =
      (value.kind === 'list' || value.kind === 'tuple') &&
      !value.spoiled &&
      value.items.length === targets.length;
    if (!isKnown) this.escape(value);
    for (const [at, one] of plain.entries())
      this.store(one, isKnown ? (value.items[at] as Value) : UNKNOWN, frame);
  }

  /** A name or attribute in a place where a later function may change it. */
  #touch(node: Node, frame: Frame): void {
    walk(node, (one) => {
      if (one.type === 'MemberExpression' && one.children[1]?.type === '.' && one.children[2]) {
        const [owner] = one.children;
        const isField =
          owner?.type === 'VariableName' &&
          frame.values.get(nameOf(owner, frame.text))?.kind === 'self';
        if (isField) this.#doom(new Set([nameOf(one.children[2], frame.text)]));
        return !isField;
      }
      if (one.type === 'VariableName' && frame.own.has(nameOf(one, frame.text))) {
        const value = frame.values.get(nameOf(one, frame.text));
        if (value?.kind === 'self') this.#lose();
        else if (value) spoil(value);
        frame.loose.add(nameOf(one, frame.text));
      }
      return true;
    });
  }

  #loosen(node: Node, frame: Frame): void {
    if (node.type === 'VariableName') frame.loose.add(nameOf(node, frame.text));
  }

  #doom(names: ReadonlySet<string>, given?: Given): void {
    if (
      given &&
      ![...given.positional, ...given.keywords.values()].some((one) => one.kind === 'self')
    )
      return;
    if (names.has('*')) this.#lose();
    if (names.has(PRIVATE)) this.#areSettingsLoose = true;
    for (const name of names) this.#doomed.add(name);
  }

  #lose(): void {
    this.#isLost = true;
  }

  #meanings(node: Node, frame: Frame): readonly Meaning[] {
    const dotted = dottedName(node, frame.text);
    if (dotted === null) return [{ kind: 'unknown' }];
    const { resolver } = this.#classes;
    // A function runs when its module has run to its end; a class body where it stands.
    if (frame.kind === 'class') return resolver.expression(frame.path, node, []);
    const [root = '', ...rest] = dotted.split('.');
    let found = resolver.name(frame.path, root);
    for (const name of rest) found = found.flatMap((one) => resolver.attribute(one, name));
    return found;
  }

  #meant(meanings: readonly Meaning[], name: string): Value {
    const [only, ...more] = meanings;
    if (more.length > 0 || only?.kind !== 'value') return UNKNOWN;
    const { rebound, mutated, wild } = this.#facts;
    if (rebound.has(name) || wild) return UNKNOWN;
    const key = `${only.path}\n${only.node.from}`;
    const known = this.#globals.get(key);
    if (known) return known;
    this.#globals.set(key, UNKNOWN);
    const { text } = this.#classes.resolver.module(only.path);
    const frame = frameOf(only.path, text, -1, 'class', new Set());
    const own = ownName(only.node, text);
    const before = this.#maybe;
    this.#maybe = 0;
    const value = this.#expressions.value(only.node, frame);
    this.#maybe = before;
    if (mutated.has(name) || (own !== null && (rebound.has(own) || mutated.has(own)))) spoil(value);
    this.#globals.set(key, value);
    return value;
  }

  #ofClass(cls: Ancestor, name: string): Value {
    if (this.#facts.rebound.has(name) || this.#facts.handed.has(name)) return UNKNOWN;
    const line = cls.kind === 'class' ? this.#classes.lines(cls.at) : null;
    const [only, ...more] = line ?? [];
    if (!only || more.length > 0) return UNKNOWN;
    for (const one of only) {
      if (one.kind === 'plain') continue;
      if (one.kind !== 'class') return UNKNOWN;
      const known = this.#line.find(
        (other) => other.kind === 'class' && other.at.statement === one.at.statement,
      );
      const kept = known ? this.#bodies.get(known)?.get(name) : undefined;
      if (kept) return kept;
      if (!known) return UNKNOWN;
    }
    return UNKNOWN;
  }

  #runBody(one: Ancestor & { kind: 'class' }): void {
    const { path, module, statement } = one.at;
    const definition = definitionOf(statement);
    const own = new Set(bindingsIn(definition, module.text).keys());
    const at = this.#line.indexOf(one);
    const frame = frameOf(path, module.text, at, 'class', own);
    this.#bodies.set(one, frame.values);
    this.#runAll(statement.body, frame);
    for (const name of own) if (!frame.values.has(name)) frame.values.set(name, UNKNOWN);
    for (const name of frame.loose) frame.values.set(name, UNKNOWN);
  }

  /** The class is made, or its instances are, in a way that nothing here follows. */
  #isOdd(): boolean {
    if (this.#facts.wild) return true;
    const bases = this.#line.filter((one) => one.kind === 'pybirch' && BASE_CLASSES.get(one.name));
    if (bases.length > 1) return true;
    const first = this.#line.findIndex((one) => one.kind === 'pybirch');
    for (const [at, one] of this.#line.entries()) {
      if (one.kind !== 'class') continue;
      const { statement, module } = one.at;
      const { name, decorators } = statement;
      if (decorators.some((d) => !/^@\s*(?:typing\.)?final$/.test(textOf(d, module.text))))
        return true;
      if (this.#facts.handed.has(name) || this.#facts.rebound.has(name)) return true;
      const list = child(definitionOf(statement), 'ArgList');
      const keyword = list?.children.find((k, i) => list.children[i + 1]?.type === 'AssignOp' && k);
      if (keyword) {
        const value = list?.children[keyword.index + 2];
        const isPlain = nameOf(keyword, module.text) === 'metaclass' && value;
        if (!isPlain || !/(?:^|\.)ABCMeta$/.test(textOf(value, module.text))) return true;
      }
      const body = this.#bodies.get(one);
      for (const odd of ODD) if (body?.has(odd)) return true;
      // PyBirch's constructor would run this one's in its midst.
      if (
        first >= 0 &&
        at > first &&
        this.#classes.ancestry(one.at).outside.some((b) => BASE_CLASSES.has(b))
      )
        return true;
    }
    return ['__init__', '__setattr__', '_define_settings'].some((name) =>
      this.#facts.rebound.has(name),
    );
  }

  #function(at: ClassAt, name: string): FunctionStatement | undefined {
    const found = functionsOf(at.statement.body).filter((one) => one.name === name);
    return found.at(-1);
  }

  #run(
    one: Ancestor & { kind: 'class' },
    found: FunctionStatement,
    given: Given,
    isStatic = false,
  ): Value {
    const isOnly =
      one.at.statement.body.filter((f) => f.kind === 'function' && f.name === found.name).length ===
      1;
    const isPlain = one.at.statement.body.includes(found);
    const positional: Value[] = isStatic
      ? [...given.positional]
      : [{ kind: 'self' }, ...given.positional];
    const at = this.#line.indexOf(one);
    const run = () => this.#runFunction(one.at.path, at, found, positional, given);
    if (isPlain && (isOnly || found.decorators.length > 0 || isLast(one.at, found))) return run();
    // Defined in a branch, or several times.
    let result: Value = UNKNOWN;
    this.maybe(() => {
      for (const f of functionsOf(one.at.statement.body))
        if (f.name === found.name)
          result = this.#runFunction(one.at.path, at, f, positional, given);
      result = UNKNOWN;
    });
    return result;
  }

  #runFunction(
    path: string,
    at: number,
    found: FunctionStatement,
    positional: readonly Value[],
    given: Given,
  ): Value {
    const { text } = this.#classes.resolver.module(path);
    const definition =
      found.node.type === 'DecoratedStatement'
        ? (child(found.node, 'FunctionDefinition') as Node)
        : found.node;
    const isOther = definition.children[0]?.type === 'async' || holds(definition, /^Yield/);
    if (isOther || ++this.#calls > MAX_CALLS || !this.spend()) {
      if (!isOther) this.#lose();
      this.#calls -= isOther ? 0 : 1;
      this.#doom(this.#facts.effects(found.name));
      return this.hand({ ...given, positional });
    }
    const own = new Set(bindingsIn(definition, text).keys());
    const globals = globalsIn(definition, text);
    for (const name of globals) own.delete(name);
    const frame = frameOf(path, text, at, 'function', own);
    this.#bind(child(definition, 'ParamList'), positional, given, frame);
    this.#runAll(found.body, frame);
    this.#calls--;
    if (frame.mayBeOver) {
      if (frame.returned) this.escape(frame.returned);
      return UNKNOWN;
    }
    return frame.returned ?? NONE;
  }

  #bind(list: Node | undefined, positional: readonly Value[], given: Given, frame: Frame): void {
    const left = [...positional];
    const named = new Map(given.keywords);
    let isNamed = false;
    for (const group of groups(list?.children ?? [])) {
      const [first, second] = group;
      if (!first) continue;
      if (first.type === '*' || first.type === '**') {
        if (second) frame.values.set(nameOf(second, frame.text), UNKNOWN);
        isNamed = true;
        continue;
      }
      if (first.type !== 'VariableName') continue;
      const name = nameOf(first, frame.text);
      const sign = group.findIndex(({ type }) => type === 'AssignOp');
      const value = isNamed ? undefined : left.shift();
      const default_ = sign >= 0 ? group[sign + 1] : undefined;
      let bound = value ?? named.get(name);
      named.delete(name);
      if (!bound && default_ && !given.starred) {
        // A default is made once, when the function is; a mutable one is everybody's.
        bound = this.#expressions.value(
          default_,
          frameOf(frame.path, frame.text, frame.at, 'class', new Set()),
        );
        spoil(bound);
      }
      frame.values.set(name, bound ?? UNKNOWN);
    }
    for (const one of [...left, ...named.values()]) this.escape(one);
  }

  #callPybirch(base: string, name: string, given: Given): Value {
    if (name === '__init__') return this.#initialise(base, given);
    if (name === '_define_settings') {
      const [only] = [...given.positional, ...given.keywords.values()];
      const isPlain = only?.kind === 'dict' && !only.spoiled && !given.starred;
      if (!this.isSure()) spoil(only ?? UNKNOWN);
      this.#settings =
        isPlain && this.isSure()
          ? { kind: 'dict', entries: new Map(only.entries), spoiled: false }
          : partly(only);
      for (const entry of only?.kind === 'dict' ? only.entries.values() : [])
        if (entry.key.kind === 'str')
          this.#attributes.set(`_${entry.key.value}`, this.isSure() ? entry.value : UNKNOWN);
      return NONE;
    }
    if (!QUIET.test(name)) {
      this.#doomHooks();
      this.forget();
    }
    return this.hand(given);
  }

  #initialise(base: string, given: Given): Value {
    const set = (name: string, value: Value) => this.setAttribute(name, value);
    const type = BASE_CLASSES.get(base);
    for (const one of [...given.positional, ...given.keywords.values()])
      if (one.kind !== 'self') spoil(one);
    if (type && !Object.hasOwn(OLDER_MODULES, base))
      this.#settings = this.#settings && (this.isSure() ? null : UNKNOWN);
    if (type === 'measurement') {
      set('data_columns', sequence('array', []));
      set('data_units', sequence('array', []));
    }
    if (type === 'movement') {
      set('position_column', textValue(''));
      set('position_units', textValue(''));
    }
    if (/^Visa(?:Measurement|Movement)$/.test(base))
      this.#doom(this.#facts.effects('check_connection'));
    return NONE;
  }

  /** PyBirch's methods call these of the class. */
  #doomHooks(): void {
    for (const hook of HOOKS) {
      if (this.#line.some((one) => one.kind === 'class' && this.#function(one.at, hook)))
        this.#doom(this.#facts.effects(hook));
    }
  }

  #runAll(statements: readonly Statement[], frame: Frame): void {
    for (const [at, one] of statements.entries()) {
      if (frame.returned !== undefined && !frame.mayBeOver) return;
      if (frame.mayBeOver) {
        this.maybe(() => this.#runEach(statements.slice(at), frame));
        return;
      }
      this.#statement(one, frame);
    }
  }

  #runEach(statements: readonly Statement[], frame: Frame): void {
    for (const one of statements) this.#statement(one, frame);
  }

  #statement(one: Statement, frame: Frame): void {
    if (!this.spend()) return;
    switch (one.kind) {
      case 'assign':
        this.#assign(one, frame);
        return;
      case 'update':
        this.#update(one.node, frame);
        return;
      case 'expression':
        for (const node of one.node.children)
          if (node.children.length > 0) this.#expressions.value(node, frame);
        return;
      case 'function': {
        if (frame.kind === 'class') {
          const isPlain = one.decorators.length === 0 && this.isSure();
          frame.values.set(one.name, isPlain ? { kind: 'method', name: one.name } : UNKNOWN);
        } else {
          this.closure(one.node, frame);
          frame.values.set(one.name, UNKNOWN);
        }
        return;
      }
      case 'class':
        if (frame.kind === 'function') this.closure(one.node, frame);
        frame.values.set(one.name, UNKNOWN);
        return;
      case 'import':
        for (const { bound } of one.names) frame.values.set(bound, UNKNOWN);
        return;
      case 'block':
        this.#block(one, frame);
        return;
      case 'other':
        if (one.node.type === 'ReturnStatement') {
          const values = one.node.children.slice(1).filter(({ type }) => type !== ',');
          const value =
            values.length === 0
              ? NONE
              : values.length === 1
                ? this.#expressions.value(values[0] as Node, frame)
                : UNKNOWN;
          if (values.length > 1)
            for (const v of values) this.escape(this.#expressions.value(v, frame));
          if (this.isSure()) frame.returned = value;
          else {
            this.escape(value);
            frame.mayBeOver = true;
          }
        } else if (one.node.type === 'DeleteStatement') {
          for (const target of one.node.children.slice(1)) this.#delete(target, frame);
        } else if (/^(?:Assert|Raise)Statement$/.test(one.node.type)) {
          for (const node of one.node.children)
            if (node.children.length > 0) this.#expressions.value(node, frame);
        } else if (one.node.type !== 'ScopeStatement') {
          for (const node of one.node.children)
            if (node.children.length > 0) this.escape(this.#expressions.value(node, frame));
        }
    }
  }

  #assign(one: Statement & { kind: 'assign' }, frame: Frame): void {
    const { targets, value } = one;
    if (value === null) return;
    const hasStar = one.node.children.some(({ type }) => type === '*');
    const [first, ...more] = value;
    const isOne = first && more.length === 0 && !hasStar;
    const given = isOne
      ? this.#expressions.value(first, frame)
      : sequence(
          'tuple',
          value.map((v) => this.#expressions.value(v, frame)),
        );
    if (hasStar) this.escape(given);
    for (const group of targets) {
      if (group.length === 1 && group[0] && !(hasStar && !isOne))
        this.store(group[0], given, frame);
      else this.#unpack(group, hasStar ? UNKNOWN : given, frame);
    }
  }

  #update(node: Node, frame: Frame): void {
    const [target, sign, operand] = node.children;
    if (!target || !sign) return;
    const before = this.#expressions.value(target, frame);
    const value =
      operand && node.children.length === 3 ? this.#expressions.value(operand, frame) : UNKNOWN;
    const operator = textOf(sign, frame.text).slice(0, -1);
    if (before.kind === 'list') {
      const isPlain =
        operator === '+' && (value.kind === 'list' || value.kind === 'tuple') && !value.spoiled;
      // The list itself grows, whoever else holds it.
      if (isPlain && this.isSure() && !before.spoiled) before.items.push(...value.items);
      else spoil(before);
      if (target.type === 'MemberExpression' || target.type === 'VariableName')
        this.store(target, before, frame);
      return;
    }
    if (before.kind === 'dict' || before.kind === 'array') {
      spoil(before);
      spoil(value);
      this.store(target, UNKNOWN, frame);
      return;
    }
    this.store(target, binary(operator, before, value), frame);
  }

  #delete(target: Node, frame: Frame): void {
    if (target.type === 'VariableName') frame.values.delete(nameOf(target, frame.text));
    if (target.type !== 'MemberExpression') {
      for (const one of target.children) this.#delete(one, frame);
      return;
    }
    const [object, sign, property] = target.children;
    const owner = object ? this.#expressions.value(object, frame) : UNKNOWN;
    if (owner.kind === 'self' && sign?.type === '.' && property) {
      // A class attribute may come to light again.
      const name = nameOf(property, frame.text);
      this.setAttribute(name, UNKNOWN);
    } else this.escape(owner);
  }

  #block(one: Statement & { kind: 'block' }, frame: Frame): void {
    const branches = branchesOf(one);
    for (const branch of branches) {
      const runs = branch.keyword === 'if' ? condition(branch.head, frame.text) : undefined;
      if (runs === false) continue;
      if (runs === true) {
        this.#runAll(branch.body, frame);
        return;
      }
      this.maybe(() => {
        for (const [i, node] of branch.head.entries()) {
          const before = branch.head[i - 1]?.type;
          if (
            before === 'as' ||
            (branch.keyword === 'for' && !branch.head.slice(0, i).some(({ type }) => type === 'in'))
          )
            this.store(node, UNKNOWN, frame);
          else if (node.children.length > 0 || node.type === 'VariableName') {
            const value = this.#expressions.value(node, frame);
            // A loop hands out what it walks over; a condition only looks.
            if (branch.keyword === 'for' || branch.keyword === 'with') this.escape(value);
          }
        }
        this.#runEach(branch.body, frame);
      });
    }
    if (one.node.type === 'MatchStatement')
      this.maybe(() => {
        for (const node of one.node.children)
          if (
            node.type !== 'MatchBody' &&
            (node.children.length > 0 || node.type === 'VariableName')
          )
            this.escape(this.#expressions.value(node, frame));
        walk(one.node, (inner) => {
          if (inner.type === 'CapturePattern' || inner.type === 'AsPattern')
            for (const name of inner.children)
              if (name.type === 'VariableName') this.store(name, UNKNOWN, frame);
          return inner.type !== 'Body';
        });
      });
  }
}
