import type { AdapterEntry, Catalogue, ModelEntry } from '../../src/domain/model.ts';
import type { Device } from '../../src/domain/device.ts';
import type { Environment } from '../../src/domain/limits.ts';

export function fakeModel(id: string, patch: Partial<ModelEntry> = {}): ModelEntry {
  return {
    id,
    name: id.toUpperCase(),
    summary: { es: '', en: '' },
    tasks: ['text-generation'],
    runtime: 'patio',
    prompting: 'completion',
    source: { kind: 'bundled', path: `models/${id}/` },
    parameters: 1000,
    contextTokens: 128,
    license: 'CC0-1.0',
    languages: ['es'],
    variants: { cpu8: 1000, gpu4: 500 },
    ...patch,
  };
}

export function fakeAdapter(id: string, base: string): AdapterEntry {
  return {
    id,
    base,
    name: `Voz ${id}`,
    summary: { es: '', en: '' },
    prompting: 'completion',
    source: { kind: 'bundled', path: `models/${base}/adapters/${id}/` },
    bytes: 10,
    license: 'CC0-1.0',
  };
}

/** Two models; the first has two adapters. */
export const CATALOGUE: Catalogue = {
  models: [fakeModel('uno'), fakeModel('dos')],
  adapters: [fakeAdapter('rima', 'uno'), fakeAdapter('ley', 'uno')],
  examples: [
    {
      id: 'ejemplo',
      task: 'text-generation',
      title: { es: 'Ejemplo', en: 'Example' },
      text: 'Había una vez',
      voices: [{ model: 'dos', adapter: null }],
    },
  ],
};

/** A browser that gives everything. */
export const ENVIRONMENT: Environment = {
  origin: 'https://patio.example',
  secure: true,
  crossOriginIsolated: true,
  webGpu: true,
  simd: true,
  serviceWorker: true,
  files: 'given',
  database: true,
  quotaBytes: 100e9,
};

export const CPU_DEVICE: Device = {
  threads: 2,
  isolated: true,
  jspi: true,
  memoryBytes: null,
  gpu: null,
};
