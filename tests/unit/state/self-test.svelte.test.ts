import { describe, expect, it } from 'vitest';
import type { Device } from '../../../src/domain/device.ts';
import type { Failure } from '../../../src/domain/failure.ts';
import { DEFAULT_PARAMS } from '../../../src/domain/params.ts';
import type { Engine, Tunable } from '../../../src/engine/engine.ts';
import { measureTrials } from '../../../src/engine/self-test.ts';
import type { Batch } from '../../../src/run/plan.ts';
import { DeviceState } from '../../../src/state/device.svelte.ts';
import { SelfTest } from '../../../src/state/self-test.ts';
import { memorySettings, type SmallStorage } from '../../../src/storage/settings.ts';
import { CATALOGUE, CPU_DEVICE, fakeModel } from '../../fakes/catalogue.ts';
import { done, gate, ready, says, ScriptedEngine, type Step } from '../../fakes/scripted-engine.ts';

const ISOLATED: Device = { ...CPU_DEVICE, isolated: true, threads: 1 };
const GPU = {
  ...{ description: 'una', software: false, f16: true },
  ...{ maxBufferSize: 1e9, maxStorageBufferBindingSize: 1e9 },
};

/** An engine that writes faster the more threads it has; on a GPU as slowly as half a thread. */
class Tuned extends ScriptedEngine implements Tunable {
  threads = 0;
  disposed = 0;
  constructor(device: Device, wrongOnGpu: boolean, hold: readonly Step[]) {
    super((job, batch) => {
      const isGpu = batch.backend === 'gpu';
      const decodeMs = 1000 / (isGpu ? 0.5 : this.threads);
      const timing = { firstTokenMs: 1, decodeMs, promptTokens: 3, generatedTokens: 11 };
      const token = { ...says('a'), tokens: [{ id: 1, text: 'a', logprob: -9, alternatives: [] }] };
      const word = isGpu && wrongOnGpu ? token : says('a');
      return [ready(job, batch), ...hold, word, { ...done('a'), timing } as Step];
    }, device);
  }
  tune(threads: number): void {
    this.threads = threads;
  }
  override dispose(): void {
    this.disposed += 1;
  }
}

interface Setting {
  readonly device?: Device;
  readonly wrongOnGpu?: boolean;
  readonly small?: SmallStorage;
  readonly hold?: readonly Step[];
}

async function setUp(setting: Setting = {}) {
  const { device: found = ISOLATED, wrongOnGpu = false, small = memorySettings() } = setting;
  const page = new Tuned(found, false, []);
  const made: Tuned[] = [];
  const planned: (() => void)[] = [];
  const notices: Failure[] = [];
  const machine = { small, agent: 'Navegador 1', cores: 2 };
  const device = new DeviceState(page, machine);
  const world = { isFree: true };
  const create = () => {
    const engine = new Tuned(found, wrongOnGpu, setting.hold ?? []);
    made.push(engine);
    return engine;
  };
  const test = new SelfTest({
    ...{ device, bundled: CATALOGUE, cores: 2, isFree: () => world.isFree },
    notices: { push: (failure) => notices.push(failure) },
    measure: (...what) => measureTrials(create, ...what),
    later: (work) => {
      planned.push(work);
      return () => void (planned.includes(work) && planned.splice(planned.indexOf(work), 1));
    },
  });
  await device.load();
  const quiet = async () => {
    planned.shift()?.();
    for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
  };
  return { test, device, page, made, planned, notices, world, small, quiet };
}

const BATCH: Batch = {
  ...{ task: 'text-generation', model: fakeModel('uno'), adapter: null },
  ...{ backend: 'cpu', variant: 'cpu8', params: DEFAULT_PARAMS },
  jobs: [{ cell: 'a', prompt: 'Hola', fields: {}, history: [], seed: 1 }],
};

async function runOn(engine: Engine): Promise<void> {
  for await (const { event } of engine.run(BATCH, new AbortController().signal)) void event;
}

describe('the self-test', () => {
  it('measures once it is quiet, keeps what it found, and tells the engine', async () => {
    const { test, device, page, made, planned, small, quiet } = await setUp();
    expect(planned).toHaveLength(0);
    test.begin();
    await quiet();
    expect(made.map(({ threads, disposed }) => [threads, disposed])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(device.device).toMatchObject({ threads: 2, tuning: { threads: 2, threadGain: 2 } });
    expect(await device.load()).toEqual(device.device);
    expect(page.threads).toBe(2);

    const next = await setUp({ small });
    expect(next.device.device).toMatchObject({ threads: 2, tuning: { threadGain: 2 } });
    expect(next.page.threads).toBe(2);
    next.test.begin();
    expect(next.planned).toHaveLength(0);

    const other = await setUp({ small, device: { ...ISOLATED, jspi: !ISOLATED.jspi } });
    expect(other.device.device?.tuning).toBeUndefined();
  });

  it('gives way to a run at once, and begins anew after it', async () => {
    const door = gate();
    const { test, page, device, made, planned, quiet } = await setUp({ hold: [door.step] });
    const engine = test.yieldingTo(page);
    test.begin();
    await quiet();
    expect(made).toHaveLength(1);
    const running = runOn(engine);
    await Promise.resolve();
    expect(made[0]?.disposed).toBeGreaterThan(0);
    expect(planned).toHaveLength(0);
    await running;
    expect(device.device?.tuning).toBeUndefined();
    expect(planned).toHaveLength(1);
    door.open();
    await quiet();
    expect(device.device?.tuning).toMatchObject({ threads: 2 });
  });

  it('waits while something else computes or nobody looks', async () => {
    const { test, made, planned, world, quiet } = await setUp();
    world.isFree = false;
    test.begin();
    await quiet();
    expect([made.length, planned.length]).toEqual([0, 1]);
  });

  it('does nothing where there is nothing to choose', async () => {
    const { test, made, quiet } = await setUp({ device: { ...ISOLATED, isolated: false } });
    test.begin();
    await quiet();
    expect(made).toHaveLength(0);
  });

  it.each([false, true])('judges a GPU; wrong numbers: %s', async (wrongOnGpu) => {
    const device = { ...ISOLATED, gpu: GPU };
    const set = await setUp({ device, wrongOnGpu });
    set.test.begin();
    await set.quiet();
    const right = { status: 'right', cpuGain: 4, cpuUpToBytes: 4000 };
    expect(set.device.device?.tuning?.gpu).toEqual(wrongOnGpu ? { status: 'wrong' } : right);
    expect(set.notices).toEqual(wrongOnGpu ? [{ code: 'gpu-wrong' }] : []);
  });
});

it.each(['{', '{"machine":"x"}', 'null', '{"machine":"m","tuning":{"threads":0}}'])(
  'damaged figures are no figures: %s',
  async (text) => {
    const small = memorySettings();
    small.write('tuning', text);
    expect((await setUp({ small })).device.device).toEqual(ISOLATED);
  },
);
