import { describe, expect, it } from 'vitest';
import {
  fit,
  fitTogether,
  type Backend,
  type BackendChoice,
  type Device,
  type Fit,
  type Gpu,
} from '../../../src/domain/device.ts';
import type { GpuVerdict } from '../../../src/domain/tuning.ts';
import type { ModelEntry } from '../../../src/domain/model.ts';
import { CPU_DEVICE, fakeModel } from '../../fakes/catalogue.ts';

const GIB = 2 ** 30;
const GPU: Gpu = {
  description: 'a real one',
  software: false,
  f16: true,
  maxBufferSize: 2 * GIB,
  maxStorageBufferBindingSize: GIB,
};
const device = (gpu: Gpu | null): Device => ({ ...CPU_DEVICE, gpu });

const real = device(GPU);
const plain = device({ ...GPU, f16: false });
const software = device({ ...GPU, software: true });
const small = device({ ...GPU, maxBufferSize: 100 });
const narrow = device({ ...GPU, maxStorageBufferBindingSize: 400 });
const none = device(null);
const measured = (gpu: GpuVerdict): Device => ({
  ...real,
  tuning: { threads: 2, threadGain: 1.5, gpu },
});
const wrong = measured({ status: 'wrong' });
const slow = (cpuUpToBytes: number) => measured({ status: 'right', cpuGain: 4, cpuUpToBytes });

const both = fakeModel('both', { variants: { cpu8: 1000, gpu4: 500 } });
const cpuOnly = fakeModel('cpu', { variants: { cpu8: 1000 } });
const counted = fakeModel('counted', {
  variants: { cpu8: 1000, gpu4: 500 },
  largestWeights: { gpu4: 400 },
});
const vast = fakeModel('vast', { variants: { gpu4: 3.5 * GIB }, largestWeights: { gpu4: 1 } });
const gpuOnly = fakeModel('gpu', { variants: { gpu4: 500 } });
const huge = fakeModel('huge', { variants: { cpu8: 3.5 * GIB, gpu4: GIB } });

const large = fakeModel('large', { variants: { cpu8: 2 * GIB } });
const modest: Device = { ...none, memoryBytes: 4 * GIB };
const ample: Device = { ...none, memoryBytes: 8 * GIB };

const CPU: Fit = { ok: true, backend: 'cpu', variant: 'cpu8' };
const ON_GPU: Fit = { ok: true, backend: 'gpu', variant: 'gpu4' };
const noGpu: Fit = { ok: false, failure: { code: 'gpu-unavailable' } };
const missing = (backend: Backend): Fit => ({
  ok: false,
  failure: { code: 'build-missing', backend },
});
const tooLarge = (needBytes: number, haveBytes: number): Fit => ({
  ok: false,
  failure: { code: 'model-too-large', needBytes, haveBytes },
});

const heavyWeight = (needBytes: number, haveBytes: number): Fit => ({
  ok: false,
  failure: { code: 'weight-too-large', needBytes, haveBytes },
});

describe('fit', () => {
  it.each<[string, ModelEntry, Device, BackendChoice, Fit]>([
    ['no adapter', both, none, 'auto', CPU],
    ['no adapter, CPU asked for', both, none, 'cpu', CPU],
    ['no adapter, GPU asked for', both, none, 'gpu', noGpu],
    ['a real adapter', both, real, 'auto', ON_GPU],
    ['a real adapter, CPU asked for', both, real, 'cpu', CPU],
    ['an adapter without f16', both, plain, 'auto', ON_GPU],
    ['a software adapter counts as none', both, software, 'auto', CPU],
    ['a software adapter by name is used', both, software, 'gpu', ON_GPU],
    ['small buffers fall back', both, small, 'auto', CPU],
    ['small buffers, GPU asked for', both, small, 'gpu', heavyWeight(500, 100)],
    ['its largest weight fits, the whole need not', counted, narrow, 'auto', ON_GPU],
    ['where nobody counted, the whole counts', both, narrow, 'auto', CPU],
    ['a weight that fits no buffer falls back', counted, small, 'auto', CPU],
    ['a weight that fits no buffer', counted, small, 'gpu', heavyWeight(400, 100)],
    ['too large for the way to the GPU', vast, real, 'gpu', tooLarge(3.5 * GIB, 3 * GIB)],
    ['a GPU with wrong numbers is not chosen', both, wrong, 'auto', CPU],
    ['a GPU with wrong numbers, asked for', both, wrong, 'gpu', ON_GPU],
    ['the CPU was faster for models of this size', both, slow(1000), 'auto', CPU],
    ['the CPU was faster for smaller models', both, slow(999), 'auto', ON_GPU],
    ['the CPU was faster, and the GPU asked for', both, slow(1000), 'gpu', ON_GPU],
    ['faster, and too small', huge, slow(9 * GIB), 'auto', ON_GPU],
    ['no GPU build falls back', cpuOnly, real, 'auto', CPU],
    ['no GPU build, GPU asked for', cpuOnly, real, 'gpu', missing('gpu')],
    ['no CPU build and no adapter', gpuOnly, none, 'auto', missing('cpu')],
    ['no CPU build, CPU asked for', gpuOnly, real, 'cpu', missing('cpu')],
    ['no CPU build, a real adapter', gpuOnly, real, 'auto', ON_GPU],
    ['too large for the CPU', huge, none, 'auto', tooLarge(3.5 * GIB, 3 * GIB)],
    ['too large for the CPU, not for the GPU', huge, real, 'auto', ON_GPU],
    ['too large for a machine of 4 GiB', large, modest, 'auto', tooLarge(2 * GIB, 2_045_222_521)],
    ['8 GiB is the most that is told', large, ample, 'auto', CPU],
  ])('%s', (_, model, machine, choice, expected) => {
    expect(fit(model, machine, choice)).toEqual(expected);
  });

  it('never answers a request for the GPU with the CPU', () => {
    for (const machine of [real, plain, software, small, narrow, none]) {
      for (const model of [both, cpuOnly, gpuOnly, counted, vast, huge]) {
        const answer = fit(model, machine, 'gpu');
        expect(answer.ok && answer.backend === 'cpu').toBe(false);
      }
    }
  });
});

describe('two models in memory at once', () => {
  const place = (bytes: number, backend: Backend = 'cpu', parameters = bytes) => {
    const model = fakeModel('any', { parameters, variants: { cpu8: bytes, gpu4: bytes } });
    return { model, backend, variant: backend === 'cpu' ? 'cpu8' : 'gpu4' } as const;
  };
  const cases: [string, ReturnType<typeof place>, ReturnType<typeof place>, Device, boolean][] = [
    ['small ones', place(10_000_000), place(30_000_000), none, true],
    ['both take what loading takes', place(0.6 * GIB), place(0.6 * GIB), none, true],
    ['together they take more', place(0.8 * GIB), place(0.7 * GIB), none, false],
    ['widened weights count', place(1000, 'cpu', 32_000_000), place(1.4 * GIB), none, false],
    ['little memory', place(0.3 * GIB), place(0.3 * GIB), { ...none, memoryBytes: 2 * GIB }, false],
    ['one of them on the GPU', place(1000, 'gpu'), place(1000), real, true],
    ['both on the GPU', place(1000, 'gpu'), place(1000, 'gpu'), real, false],
  ];
  it.each(cases)('%s', (_, first, second, on, expected) => {
    expect(fitTogether(first, second, on)).toBe(expected);
  });

  it('not one whose size is unknown', () => {
    const unknown = { ...place(1000), model: { parameters: 1000, variants: {} } };
    expect(fitTogether(place(1000), unknown, none)).toBe(false);
  });
});
