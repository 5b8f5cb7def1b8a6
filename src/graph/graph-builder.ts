/**
 * Writes one ONNX graph. Nodes go into the model file; weights go into a data file beside it, in
 * the order they were declared, and are made only while that file is written, one deposit at a time.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { ELEMENTS, bytesOf } from './elements';
import type { Element } from './elements';
import {
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from './onnx/onnx_pb';
import type { AttributeProto, NodeProto, TensorProto, ValueInfoProto } from './onnx/onnx_pb';

const IR_VERSION = 10n;
const OPSET = 21n;
export const MICROSOFT = 'com.microsoft';
/** A cache line, and a multiple of every element size. */
const ALIGNMENT = 64;

/** An edge of the graph: the output of a node, an input or a weight. */
export interface Value {
  readonly name: string;
}

/** Stands for an optional input that is not given. */
export const ABSENT: Value = { name: '' };

/** A number is a fixed size, a word a size known at run time. */
export type Dimension = number | string;

export type Attribute =
  { readonly int: number } | { readonly float: number } | { readonly ints: readonly number[] };

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface WeightPart {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly number[];
}

/** Makes the bytes of each part of a deposit, in order. */
export type WeightMaker = (signal: AbortSignal) => Promise<readonly Uint8Array[]>;

export interface Deposit {
  /** Zero bytes before each part, so that it starts on a boundary. */
  readonly parts: readonly { readonly padding: number; readonly bytes: number }[];
  readonly make: WeightMaker;
}

export interface BuiltGraph {
  readonly model: Uint8Array;
  readonly deposits: readonly Deposit[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export class GraphBuilder {
  readonly #dataFile: string;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #deposits: Deposit[] = [];
  readonly #constants = new Map<string, Value>();
  #offset = 0;

  /** `dataFile` is the name of the weights' file, relative to the model's own folder. */
  constructor(dataFile: string) {
    this.#dataFile = dataFile;
  }

  input(name: string, element: Element, dims: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, element, dims));
    return { name };
  }

  /** Gives a value the name under which it leaves the graph. */
  output(name: string, value: Value, element: Element, dims: readonly Dimension[]): void {
    if (value.name !== name) this.#push('Identity', [value], [name], {});
    this.#outputs.push(valueInfo(name, element, dims));
  }

  /** One node with one output. `name` is for profiles and errors; it must be unique. */
  node(type: string, name: string, inputs: readonly Value[], options: NodeOptions = {}): Value {
    this.#push(type, inputs, [name], options);
    return { name };
  }

  /** One node with several outputs; an empty name leaves that output out. */
  nodes<const Names extends readonly string[]>(
    type: string,
    outputs: Names,
    inputs: readonly Value[],
    options: NodeOptions = {},
  ): { readonly [Index in keyof Names]: Value } {
    this.#push(type, inputs, outputs, options);
    return outputs.map((name) => ({ name })) as { readonly [Index in keyof Names]: Value };
  }

  /** A small constant inside the model file; equal constants are stored once. */
  int64(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant('int64', dims, bytesOf(data), `${values.join('_')}`);
  }

  float32(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.#constant('float32', dims, bytesOf(Float32Array.from(values)), values.join('_'));
  }

  uint8(values: readonly number[], dims: readonly number[] = [values.length]): Value {
    return this.#constant('uint8', dims, Uint8Array.from(values), values.join('_'));
  }

  /** Weights in the data file: several parts when one reading of the source makes them all. */
  weights<const Parts extends readonly WeightPart[]>(
    parts: Parts,
    make: WeightMaker,
  ): { readonly [Index in keyof Parts]: Value } {
    this.#deposits.push({ parts: parts.map((part) => this.#place(part)), make });
    return parts.map(({ name }) => ({ name })) as { readonly [Index in keyof Parts]: Value };
  }

  weight(part: WeightPart, make: (signal: AbortSignal) => Promise<Uint8Array>): Value {
    return this.weights([part], async (signal) => [await make(signal)])[0];
  }

  build(): BuiltGraph {
    const model = create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      producerName: 'patio',
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: MICROSOFT, version: 1n },
      ],
      graph: {
        name: 'patio',
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      },
    });
    return {
      model: toBinary(ModelProtoSchema, model),
      deposits: this.#deposits,
      inputs: this.#inputs.map(({ name }) => name),
      outputs: this.#outputs.map(({ name }) => name),
    };
  }

  #push(
    type: string,
    inputs: readonly Value[],
    outputs: readonly string[],
    { domain = '', attributes = {} }: NodeOptions,
  ): void {
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType: type,
        domain,
        name: outputs.find((name) => name !== '') ?? type,
        input: inputs.map(({ name }) => name),
        output: [...outputs],
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    );
  }

  #constant(element: Element, dims: readonly number[], bytes: Uint8Array, content: string): Value {
    const name = `const.${element}.${dims.join('x')}.${content}`;
    const known = this.#constants.get(name);
    if (known !== undefined) return known;
    this.#initializers.push(
      create(TensorProtoSchema, { ...tensorHead(name, element, dims), rawData: bytes }),
    );
    this.#constants.set(name, { name });
    return { name };
  }

  /** Declares a part at the next boundary of the data file. */
  #place({ name, element, dims }: WeightPart): { padding: number; bytes: number } {
    const start = Math.ceil(this.#offset / ALIGNMENT) * ALIGNMENT;
    const padding = start - this.#offset;
    const bytes = dims.reduce((product, size) => product * size, ELEMENTS[element].bytes);
    this.#offset = start + bytes;
    const place = { location: this.#dataFile, offset: String(start), length: String(bytes) };
    this.#initializers.push(
      create(TensorProtoSchema, {
        ...tensorHead(name, element, dims),
        dataLocation: 1,
        externalData: Object.entries(place).map(([key, value]) => ({ key, value })),
      }),
    );
    return { padding, bytes };
  }
}

function tensorHead(name: string, element: Element, dims: readonly number[]) {
  return { name, dataType: ELEMENTS[element].code, dims: dims.map(BigInt) };
}

function attribute(name: string, value: Attribute): AttributeProto {
  if ('int' in value) return create(AttributeProtoSchema, { name, type: 2, i: BigInt(value.int) });
  if ('float' in value) return create(AttributeProtoSchema, { name, type: 1, f: value.float });
  return create(AttributeProtoSchema, { name, type: 7, ints: value.ints.map(BigInt) });
}

function valueInfo(name: string, element: Element, dims: readonly Dimension[]): ValueInfoProto {
  const dim = dims.map((size) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  const tensor = { elemType: ELEMENTS[element].code, shape: { dim } };
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: tensor } },
  });
}
