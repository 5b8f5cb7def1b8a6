import { expect, it } from 'vitest';
import type { Device, Gpu } from '../../../src/domain/device.ts';
import { limits, type Cause, type Environment, type Limit } from '../../../src/domain/limits.ts';
import { limitText } from '../../../src/i18n/limits.ts';
import { CPU_DEVICE, ENVIRONMENT } from '../../fakes/catalogue.ts';

const GIB = 2 ** 30;
const GPU: Gpu = {
  description: 'a real one',
  software: false,
  f16: true,
  maxBufferSize: GIB,
  maxStorageBufferBindingSize: GIB,
};
const WITH_GPU: Device = { ...CPU_DEVICE, gpu: GPU };

it('finds nothing missing where everything is given', () => {
  expect(limits(WITH_GPU, ENVIRONMENT)).toEqual([]);
  expect(limits({ ...WITH_GPU, memoryBytes: 8 * GIB }, ENVIRONMENT)).toEqual([]);
});

interface Case {
  readonly what: string;
  readonly device?: Partial<Device>;
  readonly environment?: Partial<Environment>;
  readonly causes: readonly Cause[];
}

const BARE: Partial<Environment> = {
  secure: false,
  crossOriginIsolated: false,
  webGpu: false,
  serviceWorker: false,
  files: 'missing',
  quotaBytes: null,
};
const ALONE: Partial<Device> = { isolated: false, threads: 1 };

it.each<Case>([
  {
    what: 'an address without HTTPS is the one cause of all that it takes away',
    device: { ...ALONE, gpu: null },
    environment: { ...BARE, origin: 'http://192.168.1.20:8080' },
    causes: ['insecure'],
  },
  {
    what: 'and what it does not explain is told beside it',
    device: { ...ALONE, gpu: null, memoryBytes: 2 * GIB },
    environment: { ...BARE, database: false },
    causes: ['insecure', 'no-storage', 'low-memory'],
  },
  {
    what: 'a plain host',
    device: ALONE,
    environment: { crossOriginIsolated: false },
    causes: ['no-headers'],
  },
  { what: 'headers that do not help', device: ALONE, causes: ['no-shared-memory'] },
  {
    what: 'a browser without WebGPU',
    device: { gpu: null },
    environment: { webGpu: false },
    causes: ['no-webgpu'],
  },
  { what: 'WebGPU without a GPU', device: { gpu: null }, causes: ['no-adapter'] },
  {
    what: 'a private window',
    environment: { files: 'refused', serviceWorker: false },
    causes: ['files-refused'],
  },
  {
    what: 'a browser with a database alone',
    environment: { files: 'missing' },
    causes: ['no-files'],
  },
  {
    what: 'nothing kept at all',
    environment: { files: 'refused', database: false, serviceWorker: false },
    causes: ['no-storage'],
  },
  {
    what: 'an app that is not kept',
    environment: { serviceWorker: false },
    causes: ['no-service-worker'],
  },
  { what: 'little room', environment: { quotaBytes: 0.5 * GIB }, causes: ['small-quota'] },
  { what: 'four gigabytes', device: { memoryBytes: 4 * GIB }, causes: ['low-memory'] },
  { what: 'no vectors', environment: { simd: false }, causes: ['no-simd'] },
])('$what', ({ device, environment, causes }) => {
  const found = limits({ ...WITH_GPU, ...device }, { ...ENVIRONMENT, ...environment });
  expect(found.map(({ cause }) => cause)).toEqual(causes);
});

it('four gigabytes hold models of up to what memory leaves for loading', () => {
  const [limit] = limits({ ...WITH_GPU, memoryBytes: 4 * GIB }, ENVIRONMENT);
  expect(limit).toEqual({
    cause: 'low-memory',
    memoryBytes: 4 * GIB,
    modelBytes: Math.floor((4 * GIB) / 2.1),
  });
});

const ALL: { readonly [C in Cause]: Extract<Limit, { cause: C }> } = {
  insecure: { cause: 'insecure', origin: 'http://192.168.1.20:8080' },
  'no-simd': { cause: 'no-simd' },
  'no-headers': { cause: 'no-headers' },
  'no-shared-memory': { cause: 'no-shared-memory' },
  'no-webgpu': { cause: 'no-webgpu' },
  'no-adapter': { cause: 'no-adapter' },
  'no-storage': { cause: 'no-storage' },
  'files-refused': { cause: 'files-refused' },
  'no-files': { cause: 'no-files' },
  'no-service-worker': { cause: 'no-service-worker' },
  'small-quota': { cause: 'small-quota', quotaBytes: 5e8 },
  'low-memory': { cause: 'low-memory', memoryBytes: 4 * GIB, modelBytes: 2e9 },
};

it.each(Object.values(ALL))('$cause has a cause and a way out in both languages', (limit) => {
  for (const locale of ['es', 'en'] as const) {
    const { what, todo } = limitText(limit, locale);
    expect(what.length).toBeGreaterThan(20);
    expect(todo.length).toBeGreaterThan(20);
    expect(what + todo).not.toMatch(/no es compatible|not supported|undefined|NaN/u);
  }
});

it('names the address, and the sizes', () => {
  expect(limitText(ALL.insecure, 'es').what).toContain('http://192.168.1.20:8080');
  expect(limitText(ALL['small-quota'], 'es').what).toMatch(/500\sMB/u);
});
