/** A graph's nodes as operations that the kernels know, without those that nothing needs. */
import { GraphIndex, type GraphFile, type GraphNode } from './graph-file.ts';
import { matchAttention, type Same } from './match-attention.ts';
import { matchGated, matchLookUp, matchProduct } from './match-products.ts';
import { readsOf, writesOf, type Operation } from './operations.ts';

/** In an order in which each finds what it reads. */
export function rewrite(file: GraphFile): Operation[] {
  const index = new GraphIndex(file);
  const same: Same = new Map();
  const operations = file.nodes.map((node) => match(index, node, same));
  return needed(
    operations.map((operation) => renamed(operation, same)),
    file.outputs,
  );
}

function match(index: GraphIndex, node: GraphNode, same: Same): Operation {
  return (
    matchProduct(index, node) ??
    matchLookUp(index, node) ??
    matchGated(index, node) ??
    matchAttention(index, node, same) ?? { type: 'plain', node }
  );
}

/** Plain nodes read what another value stands for. */
function renamed(operation: Operation, same: Same): Operation {
  if (operation.type !== 'plain') return operation;
  const { node } = operation;
  const inputs = node.inputs.map((name) => same.get(name) ?? name);
  return { type: 'plain', node: { ...node, inputs } };
}

/** Those that the outputs depend on; of two that make the same value, the later. */
export function needed(operations: readonly Operation[], outputs: readonly string[]): Operation[] {
  const makers = new Map<string, Operation>();
  for (const operation of operations) {
    for (const name of writesOf(operation)) makers.set(name, operation);
  }
  const kept = new Set<Operation>();
  const wanted = [...outputs];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const maker = makers.get(name);
    if (maker === undefined || kept.has(maker)) continue;
    kept.add(maker);
    wanted.push(...readsOf(maker));
  }
  return operations.filter((operation) => kept.has(operation));
}
