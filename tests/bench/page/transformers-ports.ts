/** Adapter inputs of a package whose stock graph asks for them, fed through `forward_params`. */
import { Tensor, type PreTrainedModel } from '@huggingface/transformers';
import type { Manifest } from '../../../src/graph/manifest.ts';
import { zeroAdapter } from '../../../src/graph/ports.ts';

/** @returns inputs for `generate`; none where the graph that stock loaders take has no such inputs */
export async function feedPorts(
  model: PreTrainedModel,
  folder: string,
): Promise<Record<string, Tensor>> {
  const manifest = (await (await fetch(`${folder}patio.json`)).json()) as Manifest;
  const { sessions } = model as unknown as {
    readonly sessions: Readonly<Record<string, { readonly inputNames: readonly string[] }>>;
  };
  const wanted = new Set(Object.values(sessions).flatMap(({ inputNames }) => inputNames));
  const ports: Record<string, Tensor> = {};
  for (const [name, { data, dims }] of zeroAdapter(manifest.ports)) {
    if (wanted.has(name)) ports[name] = new Tensor('float32', data, [...dims]);
  }
  model.forward_params.push(...Object.keys(ports));
  return ports;
}
