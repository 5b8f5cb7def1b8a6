import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import { toJson } from '../../../src/run/export.ts';
import { createState } from '../../../src/state/state.ts';
import { memoryRuns } from '../../../src/storage/memory.ts';
import type { RunStorage } from '../../../src/storage/runs.ts';
import { memorySettings } from '../../../src/storage/settings.ts';
import { CATALOGUE } from '../../fakes/catalogue.ts';
import { memoryPackages, scriptedBuilder } from '../../fakes/library.ts';
import { countingIds, manualLater, tickingClock } from '../../fakes/clock.ts';
import { EXPERIMENT, fakeRecord } from '../../fakes/record.ts';
import {
  done,
  gate,
  ready,
  says,
  ScriptedEngine,
  type Script,
} from '../../fakes/scripted-engine.ts';

function setUp(options: { storage?: RunStorage; script?: Script } = {}) {
  const storage = options.storage ?? memoryRuns();
  const state = createState({
    engine: new ScriptedEngine(options.script),
    bundled: CATALOGUE,
    packages: memoryPackages(),
    builder: scriptedBuilder(),
    zip: () => Promise.resolve(new Blob()),
    save: () => undefined,
    persist: () => undefined,
    runs: () => storage,
    small: memorySettings(),
    clock: tickingClock(),
    ids: countingIds('nuevo'),
    schedule: (work) => {
      work();
    },
    later: manualLater().later,
  });
  return { ...state, storage };
}

const titles = ({ history }: ReturnType<typeof setUp>) =>
  history.entries.map((entry) => entry.title);
const tick = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('history', () => {
  it('lists, reads, renames and removes', async () => {
    const page = setUp();
    const { history } = page;
    await history.put(fakeRecord({ id: 'a', title: 'vieja', createdAt: 1 }));
    await history.put(fakeRecord({ id: 'b', title: 'nueva', createdAt: 2 }));
    expect(titles(page)).toEqual(['nueva', 'vieja']);
    await history.rename('a', '  otra  ');
    expect(titles(page)).toEqual(['nueva', 'otra']);
    expect(await history.read('a')).toEqual(fakeRecord({ id: 'a', title: 'otra', createdAt: 1 }));
    await history.rename('a', '  ');
    await history.rename('none', 'x');
    await history.remove('b');
    expect(titles(page)).toEqual(['otra']);
    expect(await history.read('b')).toBeNull();
  });

  it('tells of a storage that cannot be read, and keeps what it showed', async () => {
    const failure: Failure = { code: 'storage-unavailable', detail: 'x' };
    const storage = memoryRuns();
    const page = setUp({ storage });
    await page.history.put(fakeRecord());
    storage.list = () => Promise.resolve({ ok: false, failure });
    await page.history.refresh();
    expect(titles(page)).toEqual(['Había una vez']);
    expect(page.notices.list).toMatchObject([{ kind: 'failure', failure }]);
  });
});

it('shows the latest list, whatever answer comes last', async () => {
  const storage = memoryRuns();
  const page = setUp({ storage });
  await page.history.put(fakeRecord());
  const answers = [50, 0].map((ms, index) => ({
    ms,
    value: index === 0 ? [] : page.history.entries,
  }));
  storage.list = async () => {
    const { ms, value } = answers.shift() ?? { ms: 0, value: [] };
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { ok: true, value };
  };
  await Promise.all([page.history.refresh(), page.history.refresh()]);
  expect(titles(page)).toEqual(['Había una vez']);
});

describe('import', () => {
  it('keeps a file once, however often it comes', async () => {
    const page = setUp();
    const text = toJson(fakeRecord());
    expect(await page.history.importText(text)).toEqual({ ok: true, id: 'r1' });
    expect(await page.history.importText(text)).toEqual({ ok: true, id: 'r1' });
    expect(titles(page)).toHaveLength(1);
  });

  it('never writes over another run of the same id', async () => {
    const page = setUp();
    await page.history.put(fakeRecord({ title: 'propia' }));
    const imported = await page.history.importText(toJson(fakeRecord({ title: 'ajena' })));
    expect(imported.ok && imported.id).toMatch(/^nuevo/u);
    expect([...titles(page)].sort()).toEqual(['ajena', 'propia']);
  });

  it('refuses with the reason and keeps nothing', async () => {
    const page = setUp();
    expect(await page.history.importText('hola')).toEqual({
      ok: false,
      failure: { code: 'record-foreign' },
    });
    await page.history.refresh();
    expect(titles(page)).toEqual([]);
  });

  it('says when there is no room for it', async () => {
    const failure: Failure = { code: 'storage-full' };
    const storage: RunStorage = {
      ...memoryRuns(),
      put: () => Promise.resolve({ ok: false, failure }),
    };
    const { history } = setUp({ storage });
    expect(await history.importText(toJson(fakeRecord()))).toEqual({ ok: false, failure });
  });
});

describe('the run on screen', () => {
  it('shows a run from history as it was, the interrupted cells as cancelled', async () => {
    const { run, history } = setUp();
    await history.put(fakeRecord());
    run.open((await history.read('r1')) ?? fakeRecord({ id: 'none' }));
    expect(run.header).toEqual({ id: 'r1', title: 'Había una vez', createdAt: 1_700_000_000_000 });
    expect(run.status).toBe('finished');
    expect(run.voices).toEqual(['Gorrión', 'Rima']);
    expect(run.cells.map((cell) => cell.state.status)).toEqual([
      'done',
      'failed',
      'cancelled',
      'cancelled',
      'failed',
      'cancelled',
    ]);
    run.close();
    expect([run.status, run.cells]).toEqual(['idle', []]);
  });

  it('runs one cell of an old run again, into the same run', async () => {
    const { run, history } = setUp();
    run.open(fakeRecord());
    await run.rerunCell('p2.1/c2');
    expect(run.cell('p2.1/c2')?.state).toMatchObject({
      status: 'done',
      partial: { text: 'Hola mundo', conditions: { seed: 7 } },
    });
    expect(history.entries).toMatchObject([{ id: 'r1', finished: 6 }]);
  });

  it('keeps its new title through the writes that follow', async () => {
    const { step, open } = gate();
    const script: Script = (job, batch) => [ready(job, batch), step, { type: 'cancelled' }];
    const page = setUp({ script });
    const over = page.run.start(EXPERIMENT);
    await tick();
    await page.history.rename(page.run.header?.id ?? '', 'Otro título');
    open();
    await over;
    await page.history.refresh();
    expect(titles(page)).toEqual(['Otro título']);
  });

  it('stays deleted when it is deleted while it runs', async () => {
    const script: Script = (job, batch) => [ready(job, batch), says('a'), gate().step];
    const page = setUp({ script });
    const over = page.run.start(EXPERIMENT);
    await tick();
    await page.history.remove(page.run.header?.id ?? '');
    await over;
    await page.history.refresh();
    expect([page.run.status, titles(page)]).toEqual(['idle', []]);
  });

  it('keeps its word on a run that is stopping, off the screen', async () => {
    const script: Script = (job, batch) =>
      batch.adapter ? [ready(job, batch), gate().step] : [ready(job, batch), done('a')];
    const page = setUp({ script });
    const first = page.run.start(EXPERIMENT);
    await tick();
    const id = page.run.header?.id ?? '';
    const second = page.run.start({ ...EXPERIMENT, columns: EXPERIMENT.columns.slice(0, 1) });
    await page.history.rename(id, 'Se detiene');
    await Promise.all([first, second]);
    await page.history.refresh();
    expect([...titles(page)].sort()).toEqual(['Había una vez', 'Se detiene']);
  });

  it('shows a run that is stopping as it is, not as it was last written', async () => {
    const script: Script = (job, batch) => [ready(job, batch), says('a'), gate().step];
    const { run } = setUp({ script });
    const first = run.start(EXPERIMENT);
    await tick();
    const [cells, stale] = [run.cells, run.record()];
    const second = run.start(EXPERIMENT);
    if (stale) run.open(stale);
    expect(run.cells).toBe(cells);
    await Promise.all([first, second]);
    expect(run.cells[0]?.state).toMatchObject({ status: 'cancelled', partial: { text: 'a' } });
  });

  it('goes on when its own record is opened', async () => {
    const { step, open } = gate();
    const script: Script = (job, batch) => [ready(job, batch), step, { type: 'cancelled' }];
    const { run } = setUp({ script });
    const over = run.start(EXPERIMENT);
    await tick();
    run.open(run.record() ?? fakeRecord());
    expect(run.status).toBe('running');
    open();
    await over;
  });
});
