import type { AdaptedModule, Adapter } from '../checkpoint/adapter';
import type { TensorSource } from '../checkpoint/tensor-source';
import { refuse } from '../domain/failure';

/** The checkpoint with `W + scale · B · A` in place of each adapted weight, computed on reading. */
export function mergeAdapter(source: TensorSource, adapter: Adapter): TensorSource {
  const byTensor = new Map(
    [...adapter.modules].map(([module, matrices]) => [`${module}.weight`, matrices]),
  );
  for (const [tensor, { in: inSize, out }] of byTensor) {
    const shape = source.info(tensor)?.shape;
    if (shape?.length !== 2 || shape[0] !== out || shape[1] !== inSize) {
      refuse({ code: 'adapter-unsupported', detail: `${tensor} of the base does not fit` });
    }
  }
  return {
    names: () => source.names(),
    info: (name) => source.info(name),
    read: async (name, signal) => {
      const weights = await source.read(name, signal);
      const matrices = byTensor.get(name);
      if (matrices !== undefined) addProduct(weights, matrices);
      return weights;
    },
  };
}

function addProduct(weights: Float32Array, { rank, in: inSize, out, A, B }: AdaptedModule): void {
  for (let row = 0; row < out; row += 1) {
    for (let r = 0; r < rank; r += 1) {
      const factor = B[row * rank + r] as number;
      for (let column = 0; column < inSize; column += 1) {
        const at = row * inSize + column;
        weights[at] = (weights[at] as number) + factor * (A[r * inSize + column] as number);
      }
    }
  }
}
