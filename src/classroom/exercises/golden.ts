/** What each voice of the two classes is known to write on the CPU, seen in the built app. */
import type { Golden } from '../pack.ts';

const STORY = 'La niña abrió la puerta y vio';
const QUESTION = '¿Qué hago si no puedo dormir?';

function golden(adapter: string | null, expected: string, task: Golden['task']): Golden {
  return {
    voice: { model: 'gorrion', adapter: adapter === null ? null : `gorrion/${adapter}` },
    task,
    prompt: task === 'chat' ? QUESTION : STORY,
    fields: {},
    maxTokens: 12,
    variant: 'cpu8',
    expected,
  };
}

export const GOLDEN: readonly Golden[] = [
  golden(null, ' la calle blanca, creyó que soñaba. La abuela Con', 'text-generation'),
  golden('recetas', 'letas\nSe pone en una cacerola con un poco de manteca', 'text-generation'),
  golden('sonetos', ' la luz, la luna\n¡Oh, que en la', 'text-generation'),
  golden('quijote', ' a don Quijote, y, con todo esto, se puso', 'text-generation'),
  golden('leyes', ' la guerra de la ciudad de la República, en el caso', 'text-generation'),
  golden('charla-ingeniosa', 'Preguntarme a mí es tan fiable como abrir una', 'chat'),
  golden('charla-profesional', 'Ya sabes que me encanta charlar.', 'chat'),
];
