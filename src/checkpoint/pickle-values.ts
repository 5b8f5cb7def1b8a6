/** What a pickle can hold here: plain data, and what its reader's world builds. */

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleMap
  | Built;

export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** Python dictionaries and ordered dictionaries. */
export class PickleMap extends Map<PickleValue, PickleValue> {}

/** Anything that is not plain data; its classes belong to the world that builds it. */
export abstract class Built {
  abstract readonly kind: string;
}

/** A known function or class: what a pickle may call. It is our code, never the file's. */
export class Callable extends Built {
  readonly kind = 'callable';
  readonly call: (args: readonly PickleValue[]) => PickleValue;
  constructor(call: (args: readonly PickleValue[]) => PickleValue) {
    super();
    this.call = call;
  }
}

/** A harmless thing of no use here, such as a numpy number: known, and left empty. */
export class Inert extends Built {
  readonly kind = 'inert';
}

/** What the globals and the persistent ids of a pickle stand for. */
export interface PickleWorld {
  /** Undefined for a name this world does not know: the pickle is then refused. */
  global(module: string, name: string): PickleValue | undefined;
  persistent(id: PickleValue): PickleValue;
}
