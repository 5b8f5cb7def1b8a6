import { describe, expect, it } from 'vitest';
import type { Device } from '../../../src/domain/device.ts';
import type { ModelEntry } from '../../../src/domain/model.ts';
import type { Preparing, Provision, Warming } from '../../../src/engine/engine.ts';
import { DEFAULT_PARAMS } from '../../../src/domain/params.ts';
import type { Experiment } from '../../../src/run/experiment.ts';
import type { RunStatus } from '../../../src/state/active-run.svelte.ts';
import { warmUp } from '../../../src/state/warm-up.ts';
import { CATALOGUE, CPU_DEVICE, fakeModel } from '../../fakes/catalogue.ts';

/** Notes what it is asked for, in order. */
class Recorder implements Warming, Preparing {
  readonly asked: string[] = [];

  warm(provision: Provision): Promise<boolean> {
    return this.#note('warm', provision);
  }

  prepare(provision: Provision): Promise<boolean> {
    return this.#note('prepare', provision);
  }

  #note(verb: string, { model, adapters, variant }: Provision): Promise<boolean> {
    this.asked.push([verb, model.id, variant, ...adapters.map(({ id }) => id)].join(' '));
    return Promise.resolve(true);
  }
}

interface Setting {
  readonly models?: readonly ModelEntry[];
  readonly device?: Device;
  readonly status?: RunStatus;
}

async function askedFor(columns: readonly string[], setting: Setting = {}): Promise<string[]> {
  const engine = new Recorder();
  const experiment: Experiment = {
    task: 'text-generation',
    prompts: [],
    params: DEFAULT_PARAMS,
    backend: 'auto',
    columns: columns.map((model, at) => ({
      id: `c${String(at)}`,
      voice: { model, adapter: null },
      overrides: {},
    })),
  };
  await warmUp({
    engine,
    device: { load: () => Promise.resolve(setting.device ?? CPU_DEVICE) },
    lab: { experiment },
    run: { status: setting.status ?? 'idle' },
    library: { load: () => Promise.resolve() },
    catalogue: { ...CATALOGUE, models: setting.models ?? CATALOGUE.models },
  });
  return engine.asked;
}

const GIB = 2 ** 30;
const small = fakeModel('uno');
const large = fakeModel('grande', { variants: { cpu8: 2 * GIB }, parameters: 2 * GIB });

describe('warming up', () => {
  it('loads the model of the first column with all its voices', async () => {
    expect(await askedFor(['uno', 'uno'])).toEqual(['warm uno cpu8 rima ley']);
  });

  it('loads the model of another column beside it', async () => {
    expect(await askedFor(['dos', 'dos', 'uno'])).toEqual([
      'warm dos cpu8',
      'prepare uno cpu8 rima ley',
    ]);
  });

  it('takes the next one that fits where the second does not', async () => {
    const models = [small, large, fakeModel('dos')];
    expect(await askedFor(['uno', 'grande', 'dos'], { models })).toEqual([
      'warm uno cpu8 rima ley',
      'prepare dos cpu8',
    ]);
  });

  it('leaves alone what cannot run here, and what nobody knows', async () => {
    const models = [fakeModel('enorme', { variants: { cpu8: 4 * GIB } }), fakeModel('dos')];
    expect(await askedFor(['nadie', 'enorme', 'dos'], { models })).toEqual(['warm dos cpu8']);
    expect(await askedFor(['nadie'])).toEqual([]);
  });

  it('leaves the second to a run that came meanwhile', async () => {
    expect(await askedFor(['dos', 'uno'], { status: 'running' })).toEqual(['warm dos cpu8']);
  });
});
