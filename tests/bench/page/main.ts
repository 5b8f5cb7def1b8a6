import { wrap } from 'comlink';
import type { BenchPage, Contender, ContenderId } from './contract.ts';
import { Patio } from './patio.ts';
import { WllamaGroup } from './wllama-group.ts';
import { WllamaContender } from './wllama.ts';

const patio = new Patio();
/** They start nothing before they are asked. */
const groups = { patio, wllama: new WllamaGroup() };

/** Each is made when it is first prepared, so that one left out costs nothing. */
const makers: Record<ContenderId, () => Contender> = {
  patio: () => patio,
  bare: () =>
    wrap<Contender>(
      new Worker(new URL('./bare.worker.ts', import.meta.url), { type: 'module' }),
    ) as Contender,
  transformers: () =>
    wrap<Contender>(
      new Worker(new URL('./transformers.worker.ts', import.meta.url), { type: 'module' }),
    ) as Contender,
  wllama: () => new WllamaContender(),
};
const made = new Map<ContenderId, Contender>();

function contender(id: ContenderId): Contender {
  const existing = made.get(id) ?? makers[id]();
  made.set(id, existing);
  return existing;
}

const bench: BenchPage = {
  threads: () => patio.threads(),
  prepare: (id, task) => contender(id).prepare(task),
  generate: (id, task) => contender(id).generate(task),
  answer: (id, request) => groups[id].answer(request),
  swaps: (task) => patio.swaps(task),
};

Object.assign(window, { bench });
