/** The weights of a model or of an adapter, in whichever of the known files they come. */
import { refuse } from '../domain/failure';
import { dequantised } from './bitsandbytes';
import type { ByteSource, FileSet } from './byte-source';
import { refuseForeignMethod, refuseForeignTensors } from './quantisation';
import { renamed } from './renamed';
import { openSafetensorsFile } from './safetensors';
import { openShards } from './shards';
import type { TensorSource } from './tensor-source';
import { openTorchFile } from './torch-file';

export type WeightsStem = 'model' | 'adapter_model';

/** The file's name without its ending, in each of the two forms. */
const TORCH_STEMS: Readonly<Record<WeightsStem, string>> = {
  model: 'pytorch_model',
  adapter_model: 'adapter_model',
};

interface WeightsFile {
  readonly file: ByteSource;
  readonly sharded: boolean;
  readonly open: (file: ByteSource, signal: AbortSignal) => Promise<TensorSource>;
}

/**
 * Opens `<stem>.safetensors`, its shards, or PyTorch's own file or shards, in the order in which the
 * reference library looks for them. Headers are read, weights are not. The tensors have the names
 * and the float values that the reference would load. Refuses what is damaged, what is missing, a
 * pickle that would run code (`checkpoint-executes`) and foreign quantisation
 * (`checkpoint-quantised`).
 */
export async function openCheckpoint(
  files: FileSet,
  stem: WeightsStem,
  signal: AbortSignal,
): Promise<TensorSource> {
  if (stem === 'model') await refuseForeignMethod(files, signal);
  const { file, sharded, open } = weightsFile(files, stem);
  const stored = await (sharded ? openShards(files, file, open, signal) : open(file, signal));
  if (stem === 'adapter_model') return stored;
  const source = await dequantised(renamed(stored), signal);
  refuseForeignTensors(source);
  return source;
}

/** The file that says where the weights are, or undefined where a folder has none. */
export function findWeights(files: FileSet, stem: WeightsStem): ByteSource | undefined {
  return candidates(files, stem)[0]?.file;
}

function weightsFile(files: FileSet, stem: WeightsStem): WeightsFile {
  return (
    candidates(files, stem)[0] ??
    refuse({ code: 'checkpoint-missing', file: `${stem}.safetensors` })
  );
}

function candidates(files: FileSet, stem: WeightsStem): WeightsFile[] {
  const torch = TORCH_STEMS[stem];
  const wanted = [
    [`${stem}.safetensors`, false, openSafetensorsFile],
    [`${stem}.safetensors.index.json`, true, openSafetensorsFile],
    [`${torch}.bin`, false, openTorchFile],
    [`${torch}.bin.index.json`, true, openTorchFile],
  ] as const;
  return wanted.flatMap(([name, sharded, open]) => {
    const file = files.get(name);
    return file === undefined ? [] : [{ file, sharded, open }];
  });
}
