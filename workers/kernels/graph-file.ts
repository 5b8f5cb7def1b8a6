/** A graph as Patio writes it: nodes, the values that come with it and where the large ones lie. */
import { fromBinary } from '@bufbuild/protobuf';
import { ELEMENTS, type Element } from '../../src/graph/elements.ts';
import {
  ModelProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../src/graph/onnx/onnx_pb.ts';

export interface GraphNode {
  readonly type: string;
  /** Empty names stand for inputs that are not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, number | readonly number[]>;
}

/** A value that is the same in every run. */
export interface Constant {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly number[];
  readonly place: Inline | Elsewhere;
}

export interface Inline {
  readonly type: 'inline';
  readonly bytes: Uint8Array;
}

/** In a file beside the graph. */
export interface Elsewhere {
  readonly type: 'elsewhere';
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export interface GraphInput {
  readonly name: string;
  /** Whether it is of whole numbers; others are float32. */
  readonly isWhole: boolean;
}

export interface GraphFile {
  /** Each after those that it reads from. */
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
}

/** @returns null where a value is of an element type that no graph of Patio's has */
export function readGraph(model: Uint8Array): GraphFile | null {
  const { graph } = fromBinary(ModelProtoSchema, model);
  if (graph === undefined) return null;
  const constants = new Map<string, Constant>();
  for (const tensor of graph.initializer) {
    const constant = readConstant(tensor);
    if (constant === null) return null;
    constants.set(constant.name, constant);
  }
  return {
    nodes: graph.node.map(readNode),
    constants,
    inputs: graph.input.map(readInput),
    outputs: graph.output.map(({ name }) => name),
  };
}

function readNode({ opType, input, output, attribute }: NodeProto): GraphNode {
  const attributes = new Map(attribute.map((each) => [each.name, valueOf(each)] as const));
  return { type: opType, inputs: input, outputs: output, attributes };
}

const FLOAT = 1;
const INT = 2;

function valueOf({ type, f, i, ints }: AttributeProto): number | readonly number[] {
  if (type === FLOAT) return f;
  return type === INT ? Number(i) : ints.map(Number);
}

function readInput({ name, type }: ValueInfoProto): GraphInput {
  const element = type?.value.case === 'tensorType' ? type.value.value.elemType : null;
  return { name, isWhole: element !== ELEMENTS.float32.code };
}

function readConstant(tensor: TensorProto): Constant | null {
  const element = (Object.keys(ELEMENTS) as Element[]).find(
    (name) => ELEMENTS[name].code === tensor.dataType,
  );
  if (element === undefined) return null;
  const { name, dims } = tensor;
  return { name, element, dims: dims.map(Number), place: placeOf(tensor) };
}

function placeOf({ dataLocation, rawData, externalData }: TensorProto): Inline | Elsewhere {
  if (dataLocation === 0) return { type: 'inline', bytes: rawData };
  const entries = new Map(externalData.map(({ key, value }) => [key, value] as const));
  return {
    type: 'elsewhere',
    path: entries.get('location') ?? '',
    offset: Number(entries.get('offset') ?? 0),
    length: Number(entries.get('length') ?? 0),
  };
}

/** Finds what a value is made from, for whoever looks for a pattern. */
export class GraphIndex {
  readonly file: GraphFile;
  readonly #makers = new Map<string, GraphNode>();

  constructor(file: GraphFile) {
    this.file = file;
    for (const node of file.nodes) {
      for (const name of node.outputs) if (name !== '') this.#makers.set(name, node);
    }
  }

  /** The node that makes a value, where it is of this type. */
  maker(name: string | null | undefined, type: string): GraphNode | null {
    const node = this.#makers.get(name ?? '');
    return node?.type === type ? node : null;
  }

  /** What a node of this type reads first; null where no such node makes the value. */
  through(name: string | null | undefined, type: string): string | null {
    return this.maker(name, type)?.inputs[0] ?? null;
  }

  constant(name: string | null | undefined): Constant | null {
    return this.file.constants.get(name ?? '') ?? null;
  }

  isInput(name: string | undefined): boolean {
    return this.file.inputs.some((input) => input.name === name);
  }

  /** A small float32 constant of one value. */
  scalar(name: string | undefined): number | null {
    const constant = this.constant(name);
    if (constant?.element !== 'float32' || constant.place.type !== 'inline') return null;
    const { bytes } = constant.place;
    return bytes.length === 4
      ? new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true)
      : null;
  }

  /** Small constants of whole numbers. */
  whole(name: string | undefined): readonly number[] | null {
    const constant = this.constant(name);
    if (constant === null || constant.place.type !== 'inline') return null;
    return wholeNumbers(constant.element, constant.place.bytes);
  }
}

export function wholeNumbers(element: Element, bytes: Uint8Array): readonly number[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { bytes: size } = ELEMENTS[element];
  const at = Array.from({ length: bytes.length / size }, (_, index) => index * size);
  if (element === 'int64') return at.map((offset) => Number(view.getBigInt64(offset, true)));
  return element === 'int32' ? at.map((offset) => view.getInt32(offset, true)) : null;
}

/** An attribute of one number. */
export function numberOf({ attributes }: GraphNode, name: string, fallback: number): number {
  const value = attributes.get(name);
  return typeof value === 'number' ? value : fallback;
}
