import type { TaskId } from '../../../src/domain/model.ts';
import type { TaskOutput } from '../../../src/domain/output.ts';
import { DEFAULT_PARAMS, type Params } from '../../../src/domain/params.ts';
import type { Values } from '../../../src/domain/prompt.ts';
import type { CellEvent } from '../../../src/engine/engine.ts';
import type { Batch } from '../../../src/run/plan.ts';
import { runTask, type LoadedVoice } from '../../../src/tasks/run.ts';
import { fakeModel } from '../../fakes/catalogue.ts';

export interface Question {
  readonly prompt: string;
  readonly fields?: Values;
}

export interface Asking {
  readonly params?: Partial<Params>;
  readonly isStopped?: (cell: string) => boolean;
}

/** Every event of a batch with one job per question. */
export async function ask(
  task: TaskId,
  voice: LoadedVoice,
  questions: readonly Question[],
  { params = {}, isStopped = () => false }: Asking = {},
): Promise<CellEvent[]> {
  const batch: Batch = {
    task,
    model: fakeModel('uno', { tasks: [task] }),
    adapter: null,
    backend: 'cpu',
    variant: 'cpu8',
    params: { ...DEFAULT_PARAMS, ...params },
    jobs: questions.map(({ prompt, fields = {} }, index) => {
      return { cell: `c${index}`, prompt, fields, history: [], seed: index };
    }),
  };
  let time = 0;
  const controls = {
    isStopped,
    breathe: () => Promise.resolve(),
    now: () => (time += 10),
  };
  const events: CellEvent[] = [];
  await runTask(batch, voice, controls, (event) => events.push(event));
  return events;
}

/** The output of the only question; throws where there is none. */
export async function answer<K extends TaskOutput['kind']>(
  kind: K,
  ...asked: Parameters<typeof ask>
): Promise<Extract<TaskOutput, { kind: K }>> {
  const events = await ask(...asked);
  const last = events.at(-1)?.event;
  if (last?.type !== 'done' || last.output.kind !== kind) {
    throw new Error(`no output: ${JSON.stringify(last)}`);
  }
  return last.output as Extract<TaskOutput, { kind: K }>;
}
