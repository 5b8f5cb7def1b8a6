/**
 * Whether a node asks for what its step does, and no more. The graphs that Patio builds never ask for
 * more; one that does is left to the runtime that knows every attribute.
 */
import { numberOf, type GraphIndex, type GraphNode } from './graph-file.ts';

type Check = (node: GraphNode, index: GraphIndex) => boolean;

const onlyInputs =
  (count: number): Check =>
  ({ inputs }) =>
    inputs.slice(count).every((name) => name === '');

const along =
  (axis: number): Check =>
  (node) =>
    numberOf(node, 'axis', axis) === axis;

const every =
  (...checks: readonly Check[]): Check =>
  (node, index) =>
    checks.every((check) => check(node, index));

const onlyAttributes =
  (...names: readonly string[]): Check =>
  ({ attributes }) =>
    [...attributes.keys()].every((name) => names.includes(name));

/** The mean and the deviation are not told. */
const onlySum: Check = ({ outputs }) => (outputs[1] ?? '') === '' && (outputs[2] ?? '') === '';
const oneOutput: Check = ({ outputs }) => outputs.length === 1;

const CHECKS: Readonly<Record<string, Check>> = {
  Gelu: every(onlyInputs(1), onlyAttributes()),
  FastGelu: every(onlyInputs(1), onlyAttributes()),
  QuickGelu: onlyAttributes('alpha'),
  LayerNormalization: every(along(-1), oneOutput, onlyAttributes('epsilon', 'axis')),
  SimplifiedLayerNormalization: every(along(-1), oneOutput, onlyAttributes('epsilon', 'axis')),
  SkipLayerNormalization: every(onlyInputs(4), onlySum, onlyAttributes('epsilon')),
  SkipSimplifiedLayerNormalization: every(onlyInputs(3), onlySum, onlyAttributes('epsilon')),
  GatherND: (node) => numberOf(node, 'batch_dims', 0) === 1,
  Pad: every(onlyInputs(2), onlyAttributes(), (node, index) => {
    const pads = index.whole(node.inputs[1]) ?? [];
    return pads.length > 0 && pads.slice(0, -1).every((pad) => pad === 0);
  }),
  Slice: (node, index) => {
    const [starts, step] = [index.whole(node.inputs[1]), index.whole(node.inputs[4])];
    return starts?.length === 1 && (node.inputs[3] ?? '') !== '' && (step?.[0] ?? 1) === 1;
  },
  TopK: every(along(-1), (node) => numberOf(node, 'largest', 1) === 1),
  ReduceLogSumExp: (node, index) => {
    return numberOf(node, 'keepdims', 1) === 0 && index.whole(node.inputs[1])?.[0] === 1;
  },
  Reshape: onlyAttributes(),
};

export function isUsual(node: GraphNode, index: GraphIndex): boolean {
  const check = CHECKS[node.type];
  return check === undefined || check(node, index);
}
