/** The experiments of the two exercises, the same in every language: Gorrión writes Spanish. */
import type { Voice } from '../../domain/model.ts';
import { DEFAULT_PARAMS, type ParamOverrides, type Params } from '../../domain/params.ts';
import type { Experiment } from '../../run/experiment.ts';
import type { Lock, StepWork } from '../pack.ts';

const GORRION: Voice = { model: 'gorrion', adapter: null };

function tuned(voice: string): Voice {
  return { model: 'gorrion', adapter: `gorrion/${voice}` };
}

interface Asked {
  readonly prompts: readonly string[];
  readonly columns?: readonly (readonly [Voice, ParamOverrides?])[];
  readonly params?: Partial<Params>;
  readonly task?: Experiment['task'];
  readonly locked?: readonly Lock[];
  readonly showsTokens?: boolean;
}

/** @param id letters and hyphens: ids of prompts and columns begin with it, so that no two steps meet */
function work(id: string, asked: Asked): StepWork {
  const { columns = [[GORRION]], locked = ['prompts', 'columns', 'params'] } = asked;
  return {
    experiment: {
      task: asked.task ?? 'text-generation',
      prompts: asked.prompts.map((text, index) => ({
        id: `${id}-p${index + 1}`,
        text,
        table: [],
        fields: {},
        history: [],
      })),
      columns: columns.map(([voice, overrides = {}], index) => {
        return { id: `${id}-c${index + 1}`, voice, overrides };
      }),
      params: { ...DEFAULT_PARAMS, ...asked.params },
      backend: 'auto',
    },
    locked,
    showsTokens: asked.showsTokens ?? false,
    run: null,
  };
}

const DOOR = 'La niña abrió la puerta y vio';
/** Nothing but the temperature decides: no cut, no brake. */
const BARE = { topK: 0, topP: 1, repetitionPenalty: 1 } as const;

export const NEXT_WORD = {
  list: work('lista', {
    prompts: [DOOR],
    params: { ...BARE, temperature: 0, maxTokens: 12 },
    showsTokens: true,
  }),
  pieces: work('piezas', {
    prompts: ['Había una vez un', 'En el patio de la casa había una'],
    params: { ...BARE, temperature: 0, maxTokens: 8 },
    showsTokens: true,
  }),
  temperature: work('temperatura', {
    prompts: [DOOR],
    columns: [
      [GORRION, { temperature: 0 }],
      [GORRION, { temperature: 0.8 }],
      [GORRION, { temperature: 2 }],
    ],
    params: { ...BARE, maxTokens: 40 },
    showsTokens: true,
  }),
  topK: work('topk', {
    prompts: [DOOR],
    columns: [
      [GORRION, { topK: 1 }],
      [GORRION, { topK: 5 }],
      [GORRION, { topK: 0 }],
    ],
    params: { ...BARE, temperature: 1.5, maxTokens: 40 },
  }),
  seeds: work('semillas', {
    prompts: [DOOR],
    columns: [
      [GORRION, { seed: 1 }],
      [GORRION, { seed: 2 }],
      [GORRION, { seed: 1 }],
    ],
    params: { maxTokens: 30 },
  }),
  own: work('propio', {
    prompts: [DOOR],
    columns: [[GORRION], [GORRION, { temperature: 1.2 }]],
    params: { maxTokens: 40 },
    locked: ['columns'],
    showsTokens: true,
  }),
};

const BREAD = 'La cocina olía a pan cuando entró la niña y';

export const FINE_TUNING = {
  base: work('base', {
    prompts: [BREAD, 'La luna'],
    params: { maxTokens: 50 },
  }),
  four: work('cuatro', {
    prompts: [BREAD, 'La luna'],
    columns: [[GORRION], [tuned('recetas')], [tuned('sonetos')], [tuned('quijote')]],
    params: { maxTokens: 50 },
  }),
  inside: work('dentro', {
    prompts: ['La luna'],
    columns: [[GORRION], [tuned('recetas')], [tuned('quijote')]],
    params: { ...BARE, temperature: 0, maxTokens: 12 },
    showsTokens: true,
  }),
  facts: work('datos', {
    prompts: ['La capital de Francia es', 'Dos más dos son'],
    columns: [[GORRION], [tuned('quijote')], [tuned('leyes')]],
    params: { temperature: 0, maxTokens: 20 },
  }),
  manners: work('modales', {
    task: 'chat',
    prompts: ['¿Cuál es la capital de Francia?', '¿Qué hago si no puedo dormir?'],
    columns: [[tuned('charla-ingeniosa')], [tuned('charla-profesional')]],
    params: { maxTokens: 50 },
  }),
  probe: work('prueba', {
    prompts: ['El caballero llegó a la casa y dijo'],
    columns: [[GORRION], [tuned('leyes')]],
    params: { maxTokens: 50 },
    locked: ['params'],
  }),
};
