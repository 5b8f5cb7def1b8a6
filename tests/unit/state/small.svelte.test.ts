import { describe, expect, it, vi } from 'vitest';
import type { Failure } from '../../../src/domain/failure.ts';
import type { RunEvent } from '../../../src/run/cell.ts';
import { DeviceState } from '../../../src/state/device.svelte.ts';
import { Notices } from '../../../src/state/notices.svelte.ts';
import { Painter } from '../../../src/state/painter.ts';
import { Saver } from '../../../src/state/saver.ts';
import { Settings } from '../../../src/state/settings.svelte.ts';
import { memoryRuns } from '../../../src/storage/memory.ts';
import { memorySettings } from '../../../src/storage/settings.ts';
import { CPU_DEVICE } from '../../fakes/catalogue.ts';
import { fakeRecord } from '../../fakes/record.ts';
import { done, says, ScriptedEngine } from '../../fakes/scripted-engine.ts';

const FULL: Failure = { code: 'storage-full' };

describe('settings', () => {
  it('survive a reload', () => {
    const storage = memorySettings();
    const settings = new Settings(storage, new Notices());
    expect([settings.theme, settings.locale]).toEqual(['system', 'es']);
    settings.theme = 'dark';
    settings.locale = 'en';
    const again = new Settings(storage, new Notices());
    expect([again.theme, again.locale]).toEqual(['dark', 'en']);
  });

  it('fall back from what is not one of theirs', () => {
    const storage = memorySettings();
    storage.write('theme', 'neon');
    storage.write('locale', '');
    const settings = new Settings(storage, new Notices());
    expect([settings.theme, settings.locale]).toEqual(['system', 'es']);
  });

  it('take effect even where they cannot be kept', () => {
    const notices = new Notices();
    const settings = new Settings({ read: () => null, write: () => FULL }, notices);
    settings.theme = 'light';
    expect(settings.theme).toBe('light');
    expect(notices.list).toMatchObject([{ failure: FULL }]);
  });
});

describe('notices', () => {
  it('stay until they are dismissed', () => {
    const notices = new Notices();
    notices.push(FULL);
    notices.say('copied');
    expect(notices.list).toMatchObject([
      { kind: 'failure', failure: FULL },
      { kind: 'message', key: 'copied' },
    ]);
    for (const { id } of notices.list.slice(0, 1)) notices.dismiss(id);
    expect(notices.list).toMatchObject([{ kind: 'message' }]);
  });

  it('do not repeat a failure that is on screen', () => {
    const notices = new Notices();
    notices.push(FULL);
    notices.push({ ...FULL });
    notices.push({ code: 'gpu-lost' });
    expect(notices.list).toHaveLength(2);
  });
});

it('probes the device once', async () => {
  const engine = new ScriptedEngine();
  const probe = vi.spyOn(engine, 'probe');
  const state = new DeviceState(engine);
  expect(state.device).toBeNull();
  expect(await Promise.all([state.load(), state.load()])).toEqual([CPU_DEVICE, CPU_DEVICE]);
  expect(state.device).toEqual(CPU_DEVICE);
  expect(probe).toHaveBeenCalledTimes(1);
});

describe('the painter', () => {
  function setUp() {
    const frames: (() => void)[] = [];
    const heard: [string, RunEvent][] = [];
    const painter = new Painter(
      (work) => frames.push(work),
      (cell, event) => heard.push([cell, event]),
    );
    const frame = () => {
      for (const work of frames.splice(0)) work();
    };
    return { painter, heard, frame, frames };
  }

  it('joins what comes between two frames, cell by cell', () => {
    const { painter, heard, frame, frames } = setUp();
    painter.tell('a', says('Ha'));
    painter.tell('b', says('x'));
    painter.tell('a', says('bía'));
    expect([heard.length, frames.length]).toEqual([0, 1]);
    frame();
    expect(heard).toMatchObject([
      ['a', { text: 'Había', tokens: [{ text: 'Ha' }, { text: 'bía' }] }],
      ['b', { text: 'x' }],
    ]);
    frame();
    expect(heard).toHaveLength(2);
  });

  it('brings the waiting text before a last word, which needs no frame', () => {
    const { painter, heard, frame } = setUp();
    painter.tell('a', says('Hola'));
    painter.tell('b', says('x'));
    painter.tell('a', done('Hola'));
    expect(heard.map(([cell, event]) => [cell, event.type])).toEqual([
      ['a', 'tokens'],
      ['a', 'done'],
    ]);
    frame();
    expect(heard.at(-1)?.[0]).toBe('b');
  });
});

describe('the saver', () => {
  it('shares one write among the changes that come during another', async () => {
    const memory = memoryRuns();
    const titles: string[] = [];
    const saver = new Saver(
      {
        ...memory,
        put: (record) => {
          titles.push(record.title);
          return memory.put(record);
        },
      },
      () => undefined,
    );
    for (const title of ['1', '2', '3']) saver.save(() => fakeRecord({ title }));
    await saver.settled();
    expect(titles).toEqual(['1', '3']);
  });

  it('reports every write, and writes on after one that failed', async () => {
    const reports: (Failure | null)[] = [];
    const answers = [{ ok: false, failure: FULL } as const, { ok: true, value: null } as const];
    const put = () => Promise.resolve(answers.shift() ?? ({ ok: true, value: null } as const));
    const saver = new Saver({ ...memoryRuns(), put }, (failure) => reports.push(failure));
    saver.save(fakeRecord);
    await saver.settled();
    saver.save(fakeRecord);
    await saver.settled();
    expect(reports).toEqual([FULL, null]);
  });

  it('writes nothing once it is closed', async () => {
    const memory = memoryRuns();
    const saver = new Saver(memory, () => undefined);
    await saver.close();
    saver.save(fakeRecord);
    await saver.settled();
    expect(await memory.get('r1')).toEqual({ ok: true, value: null });
  });
});
