import { flushSync } from 'svelte';
import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import type { Voice } from '../../../src/domain/model.ts';
import type { RunRecord } from '../../../src/run/record.ts';
import { memoryRuns } from '../../../src/storage/memory.ts';
import { memorySettings } from '../../../src/storage/settings.ts';
import { createState } from '../../../src/state/state.ts';
import type { RunStorage } from '../../../src/storage/runs.ts';
import { CATALOGUE } from '../../fakes/catalogue.ts';
import { memoryPackages, scriptedBuilder } from '../../fakes/library.ts';
import { countingIds, manualLater, tickingClock } from '../../fakes/clock.ts';
import {
  done,
  gate,
  ready,
  says,
  sayWords,
  ScriptedEngine,
  type Script,
} from '../../fakes/scripted-engine.ts';

const UNO: Voice = { model: 'uno', adapter: null };
const RIMA: Voice = { model: 'uno', adapter: 'rima' };
const DOS: Voice = { model: 'dos', adapter: null };

function setUp(options: { script?: Script; storage?: RunStorage; voices?: Voice[] } = {}) {
  const engine = new ScriptedEngine(options.script);
  const storage = options.storage ?? memoryRuns();
  const state = createState({
    engine,
    bundled: CATALOGUE,
    packages: memoryPackages(),
    builder: scriptedBuilder(),
    zip: () => Promise.resolve(new Blob()),
    save: () => undefined,
    persist: () => undefined,
    runs: () => storage,
    small: memorySettings(),
    clock: tickingClock(),
    ids: countingIds(),
    schedule: (work) => {
      work();
    },
    later: manualLater().later,
  });
  const { lab } = state;
  lab.load({
    ...lab.experiment,
    prompts: [{ id: 'p', text: 'Había una vez', table: [], fields: {}, history: [] }],
    columns: (options.voices ?? [UNO, DOS]).map((voice, index) => ({
      id: `c${String(index)}`,
      voice,
      overrides: {},
    })),
  });
  return { ...state, engine, storage };
}

const preparedBy = (engine: ScriptedEngine) =>
  engine.prepared.map(({ provision: { model, adapters } }) => [
    model.id,
    ...adapters.map(({ id }) => id),
  ]);
const statuses = (run: { cells: readonly { state: { status: string } }[] }) =>
  run.cells.map((cell) => cell.state.status);
const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('the next model of a run', () => {
  it('is loaded once the one before it is, with the adapters it is asked with', async () => {
    const { step, open } = gate();
    const script: Script = (job, batch) => [step, ready(job, batch), done('')];
    const { run, lab, engine } = setUp({ script, voices: [DOS, UNO, RIMA] });
    const over = run.start(lab.experiment);
    await tick();
    expect(preparedBy(engine)).toEqual([]);
    open();
    await over;
    expect(preparedBy(engine)).toEqual([['uno', 'rima']]);
  });

  it('is not asked for where no other model follows', async () => {
    const { run, lab, engine } = setUp({ voices: [UNO, RIMA] });
    await run.start(lab.experiment);
    await run.rerunCell('p/c0');
    expect(engine.batches).toHaveLength(3);
    expect(preparedBy(engine)).toEqual([]);
  });

  it('is not asked for where its cell was stopped, or is not run again', async () => {
    const { step, open } = gate();
    const script: Script = (job, batch) => [step, ready(job, batch), done('')];
    const { run, lab, engine } = setUp({ script });
    const over = run.start(lab.experiment);
    await tick();
    run.stopCell('p/c1');
    open();
    await over;
    await run.rerunCell('p/c0');
    expect(preparedBy(engine)).toEqual([]);
  });

  it('is called off when the run is stopped, and when it is over', async () => {
    const script: Script = (job, batch) => [ready(job, batch), gate().step];
    const { run, lab, engine } = setUp({ script });
    const over = run.start(lab.experiment);
    await tick();
    expect(engine.prepared[0]?.signal.aborted).toBe(false);
    run.stop();
    expect(engine.prepared[0]?.signal.aborted).toBe(true);
    await over;
    const finished = setUp();
    await finished.run.start(finished.lab.experiment);
    expect(finished.engine.prepared[0]?.signal.aborted).toBe(true);
  });
});

describe('a run', () => {
  it('streams two columns to their end and is kept', async () => {
    const { run, lab, history, engine } = setUp();
    expect(run.status).toBe('idle');
    const over = run.start(lab.experiment);
    expect(run.status).toBe('running');
    expect(statuses(run)).toEqual(['queued', 'queued']);
    await over;
    expect(run.status).toBe('finished');
    expect(statuses(run)).toEqual(['done', 'done']);
    expect(run.progress).toEqual({ finished: 2, total: 2 });
    expect(engine.batches).toHaveLength(2);
    expect(engine.mostAtOnce).toBe(1);
    expect(history.entries).toMatchObject([{ title: 'Había una vez', finished: 2, total: 2 }]);
    expect(await history.read(run.header?.id ?? '')).toEqual(run.record());
  });

  it('stops one cell and lets the other go on', async () => {
    const { step, open } = gate();
    const script: Script = (job, batch) => [ready(job, batch), says('Uno'), step, done('Uno')];
    const { run, lab } = setUp({ script });
    const over = run.start(lab.experiment);
    await tick();
    run.stopCell('p/c0');
    await tick();
    expect(run.cell('p/c0')?.state).toMatchObject({
      status: 'cancelled',
      partial: { text: 'Uno' },
    });
    open();
    await over;
    expect(statuses(run)).toEqual(['cancelled', 'done']);
  });

  it('stops a cell that waits its turn, which the engine then never sees', async () => {
    const { step, open } = gate();
    const script: Script = (job, batch) => [ready(job, batch), step, done('')];
    const { run, lab, engine } = setUp({ script });
    const over = run.start(lab.experiment);
    await tick();
    run.stopCell('p/c1');
    expect(statuses(run)).toEqual(['running', 'cancelled']);
    open();
    await over;
    expect(engine.batches).toHaveLength(1);
  });

  it('stops all, keeping what was written', async () => {
    const script: Script = (job, batch) => [ready(job, batch), says('Eran'), gate().step];
    const { run, lab, history } = setUp({ script });
    const over = run.start(lab.experiment);
    await tick();
    run.stop();
    await over;
    expect(statuses(run)).toEqual(['cancelled', 'cancelled']);
    const kept = await history.read(run.header?.id ?? '');
    expect(kept?.cells[0]?.state).toMatchObject({ partial: { text: 'Eran' } });
  });

  it('runs the next batch after one that failed', async () => {
    const failure: Failure = { code: 'worker-crashed', detail: 'boom' };
    const script: Script = (job, batch) =>
      batch.model.id === 'uno' ? [{ type: 'failed', failure }] : sayWords('Sí')(job, batch);
    const { run, lab } = setUp({ script });
    await run.start(lab.experiment);
    expect(run.cells[0]?.state).toMatchObject({ status: 'failed', failure });
    expect(run.cells[1]?.state.status).toBe('done');
  });

  it('fails what an unlawful engine leaves without a last word', async () => {
    const { run, lab } = setUp({ script: (job, batch) => [ready(job, batch)] });
    await run.start(lab.experiment);
    expect(run.cells[0]?.state).toMatchObject({
      status: 'failed',
      failure: { code: 'unexpected' },
    });
  });

  it('is loud about an engine that throws, and the next run still works', async () => {
    let broken = true;
    const script: Script = (job, batch) => {
      if (broken) throw new Error('a bug');
      return sayWords('Sí')(job, batch);
    };
    const { run, lab } = setUp({ script });
    await expect(run.start(lab.experiment)).rejects.toThrow('a bug');
    expect(run.status).toBe('finished');
    broken = false;
    await run.start(lab.experiment);
    expect(statuses(run)).toEqual(['done', 'done']);
  });

  it('shows misfits with their reason and does not send them', async () => {
    const { run, lab, engine } = setUp({ voices: [UNO, { model: 'gone', adapter: null }] });
    await run.start(lab.experiment);
    expect(run.cells[1]?.state).toMatchObject({
      status: 'failed',
      failure: { code: 'model-unknown', model: 'gone' },
    });
    expect(engine.batches).toHaveLength(1);
  });

  it('goes on when the disk is full, and says so once', async () => {
    const failure: Failure = { code: 'storage-full' };
    const full = { ...memoryRuns(), put: () => Promise.resolve({ ok: false, failure } as const) };
    const { run, lab, notices } = setUp({ storage: full });
    await run.start(lab.experiment);
    expect(statuses(run)).toEqual(['done', 'done']);
    expect(notices.list).toMatchObject([{ kind: 'failure', failure }]);
  });

  it('writes once per finished cell and never per token', async () => {
    const memory = memoryRuns();
    const written: RunRecord[] = [];
    const storage: RunStorage = {
      ...memory,
      put: (record) => {
        written.push(record);
        return memory.put(record);
      },
    };
    const words = Array.from({ length: 50 }, () => 'a ');
    const { run, lab } = setUp({ storage, script: sayWords(...words) });
    await run.start(lab.experiment);
    const finished = written.map(
      ({ cells }) => cells.filter((cell) => cell.state.status !== 'queued').length,
    );
    expect(finished).toEqual([1, 2]);
  });

  it('tells whoever watches: status, progress and one cell at a time', async () => {
    const { run, lab } = setUp();
    const seen: string[] = [];
    let paints = 0;
    const over = run.start(lab.experiment);
    const unwatch = $effect.root(() => {
      $effect(() => {
        seen.push(`${run.status} ${String(run.progress.finished)}`);
      });
      $effect(() => {
        if (run.cell('p/c1')?.state.status !== undefined) paints++;
      });
    });
    flushSync();
    await over;
    flushSync();
    unwatch();
    expect(seen[0]).toBe('running 0');
    expect(seen.at(-1)).toBe('finished 2');
    // At the start, then for its own events alone: loading, ready, two words and the end.
    expect(paints).toBeGreaterThan(1);
    expect(paints).toBeLessThanOrEqual(6);
  });

  it('gives way to a new run, whose grid is on screen at once', async () => {
    const script: Script = (job, batch) =>
      job.prompt === 'Nuevo' ? sayWords('Sí')(job, batch) : [ready(job, batch), gate().step];
    const { run, lab, history, engine } = setUp({ script });
    const first = run.start(lab.experiment);
    await tick();
    const oldCells = run.cells;
    lab.setPromptText('p', 'Nuevo');
    const second = run.start(lab.experiment);
    expect(run.cells[0]?.prompt).toBe('Nuevo');
    await Promise.all([first, second]);
    expect(oldCells.map((cell) => cell.state.status)).toEqual(['cancelled', 'cancelled']);
    expect(statuses(run)).toEqual(['done', 'done']);
    expect(engine.mostAtOnce).toBe(1);
    expect(history.entries).toHaveLength(2);
  });
});

describe('one cell again', () => {
  it('runs with the same prompt and seed into the same run', async () => {
    const { run, lab, engine, history } = setUp({ voices: [UNO, RIMA] });
    await run.start(lab.experiment);
    await run.rerunCell('p/c1');
    expect(engine.batches).toHaveLength(3);
    expect(engine.batches[2]).toMatchObject({ ...engine.batches[1] });
    expect(run.cell('p/c1')?.state.status).toBe('done');
    expect(history.entries).toHaveLength(1);
  });

  it('is not confused by the stopped work it follows', async () => {
    const { step, open } = gate();
    const script: Script = (job, batch) =>
      batch.model.id === 'uno' ? [ready(job, batch), step, done('')] : sayWords('Dos')(job, batch);
    const { run, lab, engine } = setUp({ script });
    const over = run.start(lab.experiment);
    await tick();
    run.stopCell('p/c1');
    const again = run.rerunCell('p/c1');
    expect(run.cell('p/c1')?.state.status).toBe('queued');
    open();
    await Promise.all([over, again]);
    expect(statuses(run)).toEqual(['done', 'done']);
    expect(engine.batches).toHaveLength(2);
  });

  it('is a no-op while the cell has not ended', async () => {
    const { run, lab, engine } = setUp();
    const over = run.start(lab.experiment);
    await run.rerunCell('p/c0');
    await over;
    expect(engine.batches).toHaveLength(2);
  });
});
