/** Tensors as views of a run of elements: the elements they touch, and those in row-major order. */
import { elementCount } from './tensor-source';

/** From the first element of a view to its last, in elements of what it looks at. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, size, axis) => span + (size - 1) * (strides[axis] ?? 0), 1);
}

/** Whether the elements already lie row-major, one after another. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const size = shape[axis] ?? 1;
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}

/** The elements of a view in row-major order; `span` begins with the first of them. */
export function gather(
  span: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array {
  const found = new Float32Array(elementCount(shape));
  const inner = shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  const outer = shape.slice(0, -1);
  const position = outer.map(() => 0);
  for (let at = 0; at < found.length; at += inner) {
    const first = position.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0);
    for (let i = 0; i < inner; i += 1) found[at + i] = span[first + i * step] as number;
    advance(position, outer);
  }
  return found;
}

/** The next position in row-major order, in place. */
function advance(position: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const next = (position[axis] ?? 0) + 1;
    position[axis] = next === shape[axis] ? 0 : next;
    if (next !== shape[axis]) return;
  }
}
