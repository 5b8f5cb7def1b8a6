import type { NumericParam } from '../domain/params.ts';

interface ParamText {
  /** As the one-line summary names it. */
  short: string;
  label: string;
  hint: string;
}

export const paramsEs: Record<NumericParam, ParamText> = {
  temperature: {
    short: 'T',
    label: 'Temperatura',
    hint: 'Cuánto se arriesga al elegir cada palabra. Con 0 elige siempre la más probable; cerca de 1 varía más; por encima de 1,3 suele perder el hilo.',
  },
  topK: {
    short: 'top-k',
    label: 'Top-k',
    hint: 'Elige solo entre los k tokens más probables. Con 0 no hay límite.',
  },
  topP: {
    short: 'top-p',
    label: 'Top-p',
    hint: 'Elige entre los tokens más probables que juntos suman esta probabilidad. Con 1 no hay límite.',
  },
  minP: {
    short: 'min-p',
    label: 'Min-p',
    hint: 'Descarta los tokens mucho menos probables que el primero: con 0,1, los que no llegan a la décima parte. Con 0 no descarta nada.',
  },
  repetitionPenalty: {
    short: 'rep.',
    label: 'Freno a la repetición',
    hint: 'Resta probabilidad a lo que ya se ha escrito. Con 1 no hay freno; cerca de 1,1 evita que se atasque.',
  },
  maxTokens: {
    short: 'tokens',
    label: 'Longitud máxima',
    hint: 'Tokens que puede escribir. En español, 100 tokens son unas 60 o 70 palabras.',
  },
  seed: {
    short: 'semilla',
    label: 'Semilla',
    hint: 'La misma semilla, en el mismo equipo, da el mismo texto. Otra semilla, otra versión.',
  },
  beams: {
    short: 'haces',
    label: 'Haces',
    hint: 'Cuántas versiones compara a la vez antes de quedarse con la mejor. Con 1 escribe directamente; con 4 suele traducir mejor y tarda más. Con más de 1 no interviene el azar.',
  },
  threshold: {
    short: 'umbral',
    label: 'Umbral',
    hint: 'A partir de qué probabilidad se da por buena una etiqueta. Se puede mover sin volver a clasificar.',
  },
  proposals: {
    short: 'propuestas',
    label: 'Propuestas',
    hint: 'Cuántas palabras se proponen para cada hueco.',
  },
};
