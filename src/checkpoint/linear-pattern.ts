/**
 * The regular expressions that people write to name a model's modules, matched in time that grows
 * with pattern × text and no faster. The engine of a browser goes back and tries again, and a
 * stranger's pattern can make it do so for ever; this one follows all the ways at once.
 */

/** One step of the compiled pattern; addresses are of other steps. */
type Step =
  | { readonly kind: 'letter'; readonly fits: (letter: string) => boolean }
  | { readonly kind: 'split'; readonly ways: readonly number[] }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

type Node =
  | { readonly kind: 'letter'; readonly fits: (letter: string) => boolean }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number };

const MAX_PATTERN = 1_000;
const MAX_REPEATS = 200;
const MAX_STEPS = 10_000;

/** Why a pattern is not one of these, for the caller to refuse. */
class Strange extends Error {}

export interface LinearPattern {
  /** Whether the pattern is the whole of a text; takes at most `steps` for each letter of it. */
  readonly matches: (text: string) => boolean;
  readonly steps: number;
}

/** Null for what this does not know (references, look-around, flags) or what is no pattern. */
export function linearPattern(pattern: string): LinearPattern | null {
  if (pattern.length > MAX_PATTERN) return null;
  try {
    const steps = compile(new Parser(pattern).whole());
    return { matches: (text) => matches(steps, text), steps: steps.length };
  } catch (error) {
    if (error instanceof Strange) return null;
    throw error;
  }
}

const CLASSES: Readonly<Record<string, (letter: string) => boolean>> = {
  d: (letter) => /^\d$/.test(letter),
  w: (letter) => /^[\p{L}\p{N}_]$/u.test(letter),
  s: (letter) => /^\s$/.test(letter),
  D: (letter) => !/^\d$/.test(letter),
  W: (letter) => !/^[\p{L}\p{N}_]$/u.test(letter),
  S: (letter) => !/^\s$/.test(letter),
};

class Parser {
  readonly #letters: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#letters = [...pattern];
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#at < this.#letters.length) throw new Strange();
    return node;
  }

  #peek(): string | undefined {
    return this.#letters[this.#at];
  }

  #next(): string {
    const letter = this.#letters[this.#at];
    if (letter === undefined) throw new Strange();
    this.#at += 1;
    return letter;
  }

  #take(letter: string): boolean {
    const found = this.#peek() === letter;
    if (found) this.#at += 1;
    return found;
  }

  #choice(): Node {
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    return options.length === 1 ? (options[0] as Node) : { kind: 'choice', options };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    for (let letter = this.#peek(); letter !== undefined; letter = this.#peek()) {
      if (letter === '|' || letter === ')') break;
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #atom(): Node {
    const letter = this.#next();
    if (letter === '(') return this.#group();
    if (letter === '[') return { kind: 'letter', fits: this.#set() };
    if (letter === '\\') return { kind: 'letter', fits: this.#escape() };
    if (letter === '.') return { kind: 'letter', fits: (other) => other !== '\n' };
    if (letter === '^') return { kind: 'start' };
    if (letter === '$') return { kind: 'end' };
    if ('*+?{'.includes(letter)) throw new Strange();
    return { kind: 'letter', fits: (other) => other === letter };
  }

  #group(): Node {
    if (this.#take('?') && !this.#take(':')) throw new Strange();
    const node = this.#choice();
    if (!this.#take(')')) throw new Strange();
    return node;
  }

  /** A class such as `\d`, or a sign by itself; letters and digits mean what is not known here. */
  #escape(): (letter: string) => boolean {
    const letter = this.#next();
    const known = Object.hasOwn(CLASSES, letter) ? CLASSES[letter] : undefined;
    if (known !== undefined) return known;
    if (/[\p{L}\p{N}]/u.test(letter)) throw new Strange();
    return (other) => other === letter;
  }

  #set(): (letter: string) => boolean {
    const negated = this.#take('^');
    const members: ((letter: string) => boolean)[] = [];
    do members.push(this.#member());
    while (this.#peek() !== ']');
    this.#at += 1;
    return (letter) => members.some((fits) => fits(letter)) !== negated;
  }

  #member(): (letter: string) => boolean {
    const first = this.#next();
    if (first === '\\') return this.#escape();
    const last = this.#letters[this.#at + 1];
    if (this.#peek() !== '-' || last === ']' || last === undefined) {
      return (letter) => letter === first;
    }
    if (last === '\\' || last < first) throw new Strange();
    this.#at += 2;
    return (letter) => letter >= first && letter <= last;
  }

  #repeated(part: Node): Node {
    const range = this.#range();
    if (range === null) return part;
    // Whether the shortest or the longest is preferred changes nothing about whether it matches.
    this.#take('?');
    if ('*+{?'.includes(this.#peek() ?? ' ')) throw new Strange();
    return { kind: 'repeat', part, ...range };
  }

  #range(): { min: number; max: number } | null {
    if (this.#take('*')) return { min: 0, max: Infinity };
    if (this.#take('+')) return { min: 1, max: Infinity };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (!this.#take('{')) return null;
    const close = this.#letters.indexOf('}', this.#at);
    const text = this.#letters.slice(this.#at, Math.max(close, this.#at)).join('');
    const [, low, comma, high] = /^(\d{1,4})(,?)(\d{0,4})$/.exec(text) ?? [];
    if (low === undefined) throw new Strange();
    this.#at = close + 1;
    const min = Number(low);
    const max = comma === '' ? min : high === '' ? Infinity : Number(high);
    if (min > MAX_REPEATS || (max !== Infinity && (max > MAX_REPEATS || max < min))) {
      throw new Strange();
    }
    return { min, max };
  }
}

function compile(node: Node): readonly Step[] {
  const steps: Step[] = [];
  emit(steps, node);
  return steps;
}

/** Writes a node's steps at the end; what follows it is whatever is written next. */
function emit(steps: Step[], node: Node): void {
  if (steps.length > MAX_STEPS) throw new Strange();
  switch (node.kind) {
    case 'sequence':
      if (node.parts.length === 0) emitNothing(steps);
      for (const part of node.parts) emit(steps, part);
      break;
    case 'choice':
      emitChoice(steps, node.options);
      break;
    case 'repeat':
      emitNothing(steps);
      for (let i = 0; i < node.min; i += 1) emit(steps, node.part);
      if (node.max === Infinity) emitLoop(steps, node.part);
      else for (let i = node.min; i < node.max; i += 1) emitOptional(steps, node.part);
      break;
    default:
      steps.push(node);
  }
}

/** Writing nothing many times over takes time as well, and so it is counted. */
function emitNothing(steps: Step[]): void {
  steps.push({ kind: 'split', ways: [steps.length + 1] });
}

function emitChoice(steps: Step[], options: readonly Node[]): void {
  const ways: number[] = [];
  const split = steps.push({ kind: 'split', ways }) - 1;
  const ends: number[][] = [];
  for (const option of options) {
    ways.push(steps.length);
    emit(steps, option);
    const end: number[] = [];
    steps.push({ kind: 'split', ways: end });
    ends.push(end);
  }
  for (const end of ends) end.push(steps.length);
  steps[split] = { kind: 'split', ways };
}

function emitOptional(steps: Step[], part: Node): void {
  const ways: number[] = [];
  ways.push(steps.push({ kind: 'split', ways }));
  emit(steps, part);
  ways.push(steps.length);
}

function emitLoop(steps: Step[], part: Node): void {
  const start = steps.length;
  const ways: number[] = [];
  ways.push(steps.push({ kind: 'split', ways }));
  emit(steps, part);
  steps.push({ kind: 'split', ways: [start] });
  ways.push(steps.length);
}

function matches(steps: readonly Step[], text: string): boolean {
  const letters = [...text];
  let places = reach(steps, [0], 0, letters.length);
  for (const [at, letter] of letters.entries()) {
    const next: number[] = [];
    for (const place of places) {
      const step = steps[place];
      if (step?.kind === 'letter' && step.fits(letter)) next.push(place + 1);
    }
    places = reach(steps, next, at + 1, letters.length);
  }
  return places.has(steps.length);
}

/** Every step that can be stood on without reading a letter; the one past the last is the end. */
function reach(
  steps: readonly Step[],
  from: readonly number[],
  at: number,
  length: number,
): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...from];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (found.has(place)) continue;
    found.add(place);
    const step = steps[place];
    if (step?.kind === 'split') open.push(...step.ways);
    if (step?.kind === 'start' && at === 0) open.push(place + 1);
    if (step?.kind === 'end' && at === length) open.push(place + 1);
  }
  return found;
}
