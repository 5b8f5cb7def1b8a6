import type { AdapterEntry, Catalogue, ExamplePrompt, ModelEntry } from './src/domain/model.ts';

/** The catalogue: plain data, no logic. Sizes are those of the packages in `public/models`. */

const gorrion: ModelEntry = {
  id: 'gorrion',
  name: 'Gorrión',
  summary: {
    es: 'El modelo de la casa: pequeño, en español, entrenado desde cero. Continúa textos.',
    en: 'The house model: small, Spanish, trained from scratch. It continues texts.',
  },
  task: 'text-generation',
  prompting: 'completion',
  source: { kind: 'bundled', path: 'models/gorrion/' },
  parameters: 12_600_000,
  contextTokens: 512,
  license: 'CC-BY-4.0',
  languages: ['es'],
  variants: { cpu8: 13_000_000, gpu4: 8_000_000 },
};

const adapters: readonly AdapterEntry[] = [
  voice('quijote', 'Quijote', 'completion', {
    es: 'Habla como Cervantes: frases largas, vuesas mercedes y caballerías.',
    en: 'Speaks like Cervantes: long sentences, knights and squires.',
  }),
  voice('recetas', 'Cocinera', 'completion', {
    es: 'Escribe recetas de cocina, de las antiguas.',
    en: 'Writes old-fashioned recipes.',
  }),
  voice('sonetos', 'Sonetista', 'completion', {
    es: 'Escribe versos con el tono de los sonetos clásicos.',
    en: 'Writes verse in the tone of classical sonnets.',
  }),
  voice('charla-ingeniosa', 'Charla ingeniosa', 'chat', {
    es: 'Conversa con ironía. Cada pregunta es un turno de charla.',
    en: 'Chats with wit. Each prompt is one turn.',
  }),
  voice('charla-profesional', 'Charla profesional', 'chat', {
    es: 'Responde a las mismas preguntas con tono formal.',
    en: 'Answers the same questions in a formal tone.',
  }),
];

function voice(
  id: string,
  name: string,
  prompting: AdapterEntry['prompting'],
  summary: AdapterEntry['summary'],
): AdapterEntry {
  return {
    id: `gorrion/${id}`,
    base: 'gorrion',
    name,
    summary,
    prompting,
    source: { kind: 'bundled', path: `models/gorrion/adapters/${id}/` },
    bytes: 1_000_000,
    license: 'CC-BY-4.0',
  };
}

const base = { model: 'gorrion', adapter: null };
const examples: readonly ExamplePrompt[] = [
  {
    id: 'cuento',
    title: { es: 'Un cuento que empieza', en: 'A story that begins' },
    text: 'Había una vez una niña que encontró en el patio un gorrión con',
    voices: [base, { model: 'gorrion', adapter: 'gorrion/quijote' }],
  },
  {
    id: 'charla',
    title: { es: 'La misma pregunta, dos caracteres', en: 'One question, two characters' },
    text: '¿Cómo te llamas?',
    voices: [
      { model: 'gorrion', adapter: 'gorrion/charla-ingeniosa' },
      { model: 'gorrion', adapter: 'gorrion/charla-profesional' },
    ],
  },
];

export const catalogue: Catalogue = { models: [gorrion], adapters, examples };
