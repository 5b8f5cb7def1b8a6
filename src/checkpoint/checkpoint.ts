/** The weights of a model or of an adapter, in whichever of the known files they come. */
import type { FileSet } from './byte-source';
import { openSafetensors } from './safetensors';
import type { TensorSource } from './tensor-source';

export type WeightsStem = 'model' | 'adapter_model';

/**
 * Opens `<stem>.safetensors`, its shards, or PyTorch's own files. Headers are read, weights are not.
 * The tensors have the names and the float values that the reference library would load.
 */
export async function openCheckpoint(
  files: FileSet,
  stem: WeightsStem,
  signal: AbortSignal,
): Promise<TensorSource> {
  return openSafetensors(files, stem, signal);
}
