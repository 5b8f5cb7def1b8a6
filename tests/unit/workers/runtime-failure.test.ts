import { expect, it } from 'vitest';
import { openingFailure, runtimeFailure } from '../../../workers/runtime-failure.ts';

it.each([
  ['Failed to get GPU adapter. You may need to enable flag "--enable-unsafe-webgpu"', 'gpu-lost'],
  ['context.cc:88 Failed to get a WebGPU adapter.', 'gpu-lost'],
  ['context.cc:112 Failed to get a WebGPU device.', 'gpu-lost'],
  ['Device was lost (2): GPU process exited', 'gpu-lost'],
  ['A valid external Instance reference no longer exists: lost device', 'gpu-lost'],
  ['std::bad_alloc', 'out-of-memory'],
  ['5243352', 'out-of-memory'],
  ['no kernel for MatMulNBits on this device', 'runtime-failed'],
])('what opening a session says: %s', (detail, code) => {
  expect(openingFailure(detail).code).toBe(code);
});

it('a session that stands is told of a loss by its device, not by words', () => {
  const detail = 'Device was lost';
  expect(runtimeFailure(detail)).toEqual({ code: 'runtime-failed', detail });
  expect(runtimeFailure('Failed to allocate: out of memory')).toEqual({ code: 'out-of-memory' });
});
