/** Sessions over the kernels: states in place, rows that do not feel each other, memory that stays. */
import { beforeAll, describe, expect, test } from 'vitest';
import { zeroAdapter } from '../../../src/graph/ports';
import { Decoder } from '../../../workers/decoder';
import { floatsOf } from '../../../workers/session';
import type { Feeds, GraphSession, GraphTensor } from '../../../workers/session';
import { fixture } from '../../parity/fixtures';
import { openPackage } from '../../parity/worker-session';
import type { Opened } from '../../parity/worker-session';

let opened: Opened;
let adapter: Feeds;

beforeAll(async () => {
  opened = await openPackage(fixture('qwen3'), { variant: 'cpu8' }, 'kernels', 64);
  const values = [...zeroAdapter(opened.manifest.ports)];
  adapter = Object.fromEntries(
    values.map(([name, { data, dims }]) => [name, opened.session.resident(data, dims)] as const),
  );
});

function decoder(): Decoder {
  const { session, manifest } = opened;
  const breathe = () => Promise.resolve();
  return new Decoder({ session, model: manifest.model, adapter, allLogits: true, breathe });
}

const ids = (length: number, factor: number) =>
  Array.from({ length }, (_, at) => 3 + (((at + 1) * factor) % 90));

function emptyStates(session: GraphSession): Feeds {
  const { states } = opened.manifest.model;
  return Object.fromEntries(
    states.map(({ past, dims }) => {
      const whole = [1, ...dims.map((size) => size ?? 0)];
      return [past, session.float32(new Float32Array(0), whole)] as const;
    }),
  );
}

/** Reads tokens over states, and gives the states after them. */
async function read(tokens: readonly number[], past: Feeds, total: number) {
  const { session, manifest } = opened;
  const { states } = manifest.model;
  const feeds = {
    ...adapter,
    ...past,
    input_ids: session.int64(BigInt64Array.from(tokens, BigInt), [1, tokens.length]),
    attention_mask: session.int64(new BigInt64Array(total).fill(1n), [1, total]),
  };
  const presents = states.map(({ present }) => present);
  const results = await session.run(feeds, ['logits', ...presents]);
  const next = states.map(({ past: name, present }) => [name, results[present]] as const);
  return {
    logits: floatsOf(results['logits']),
    states: Object.fromEntries(next) as Record<string, GraphTensor>,
  };
}

describe('states', () => {
  test('that were read on from twice hold what each reading left', async () => {
    const { session } = opened;
    const [text, one, other] = [ids(9, 7), 11, 23];
    const base = await read(text, emptyStates(session), 9);
    const first = await read([one], base.states, 10);
    const second = await read([other], base.states, 10);
    const again = await read([one], base.states, 10);
    expect(again.logits).toEqual(first.logits);

    const fresh = await read([...text, other], emptyStates(session), 10);
    const name = Object.keys(fresh.states)[0] ?? '';
    const [found, expected] = [second.states[name], fresh.states[name]];
    expect(found?.dims).toEqual(expected?.dims);
    expect(floatsOf(found)).toEqual(floatsOf(expected));
    expect(floatsOf(second.states[name])).not.toEqual(floatsOf(first.states[name]));
  });

  test('outlive those that they were written behind', async () => {
    const base = await read(ids(5, 3), emptyStates(opened.session), 5);
    const next = await read([7], base.states, 6);
    const before = Object.values(next.states).map((state) => floatsOf(state));
    for (const state of Object.values(base.states)) state.dispose();
    expect(Object.values(next.states).map((state) => floatsOf(state))).toEqual(before);
    for (const state of Object.values(next.states)) state.dispose();
    expect(() => Object.values(next.states)[0]?.data).toThrow(TypeError);
  });

  test('are picked by rows, each as often as it is named', async () => {
    const { session } = opened;
    const { states } = await read(ids(6, 5), emptyStates(session), 6);
    const [state] = Object.values(states);
    if (state === undefined || session.pickRows === undefined) throw new Error('no states');
    const twice = session.pickRows(state, [0, 0]);
    expect(twice.dims).toEqual(state.dims.with(0, 2));
    const values = floatsOf(state);
    expect([...floatsOf(twice)]).toEqual([...values, ...values]);
  });
});

test('rows together have the very scores that each has alone', async () => {
  const texts = [ids(3, 7), ids(12, 5), ids(7, 11)];
  const together = decoder();
  const rows = texts.map((text) => together.open(text));
  await together.prefill(rows, () => false);
  for (const row of rows) row.ids.push(17);
  const scores = await together.step(rows);

  for (const [at, text] of texts.entries()) {
    const solo = decoder();
    const row = solo.open(text);
    await solo.prefill([row], () => false);
    row.ids.push(17);
    const [alone] = await solo.step([row]);
    expect(scores[at]?.logits).toEqual(alone?.logits);
    expect(scores[at]?.topIds).toEqual(alone?.topIds);
    expect(scores[at]?.logNormalizer).toBe(alone?.logNormalizer);
  }
});

test('texts that come and go leave the memory as large as it was', async () => {
  const write = async (turns: number) => {
    for (let turn = 0; turn < turns; turn += 1) {
      const some = decoder();
      const rows = [some.open(ids(20, 7)), some.open(ids(4, 3))];
      await some.prefill(rows, () => false);
      for (let step = 0; step < 8; step += 1) {
        for (const row of rows) row.ids.push(5);
        await some.step(rows);
      }
      for (const row of rows) some.close(row);
    }
  };
  await write(3);
  const before = opened.session.memoryBytes;
  // Every turn makes states of more than 100 KB: what is not given back makes the memory grow.
  await write(100);
  expect(opened.session.memoryBytes).toBe(before);
});

test('an adapter that is given at every run counts as one that was laid before', async () => {
  const { session, manifest } = opened;
  const random = zeroAdapter(manifest.ports);
  const filled = [...random].map(([name, { data, dims }]) => {
    return [name, { data: data.map((_, at) => Math.sin(at) / 10), dims }] as const;
  });
  const laid = Object.fromEntries(
    filled.map(([name, { data, dims }]) => [name, session.resident(data, dims)] as const),
  );
  const loose = Object.fromEntries(
    filled.map(([name, { data, dims }]) => [name, session.float32(data, dims)] as const),
  );
  const scores = async (ports: Feeds) => {
    const {
      manifest: { model },
    } = opened;
    const breathe = () => Promise.resolve();
    const some = new Decoder({ session, model, adapter: ports, allLogits: true, breathe });
    const [found] = await some.prefill([some.open(ids(5, 7))], () => false);
    return found;
  };
  const [one, other] = [await scores(laid), await scores(loose)];
  expect(one?.logits).toEqual(other?.logits);
  expect(one?.logits).not.toEqual((await scores(adapter))?.logits);
});
