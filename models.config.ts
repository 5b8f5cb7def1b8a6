import type {
  AdapterEntry,
  Catalogue,
  ExamplePrompt,
  ModelEntry,
  Voice,
} from './src/domain/model.ts';

/** The catalogue: plain data, no logic. Sizes are those of the packages in `public/models`. */

const gorrion: ModelEntry = {
  id: 'gorrion',
  name: 'Gorrión',
  summary: {
    es: 'El modelo de la casa: pequeño, en español, entrenado desde cero. Continúa textos.',
    en: 'The house model: small, Spanish, trained from scratch. It continues texts.',
  },
  tasks: ['text-generation', 'chat'],
  runtime: 'patio',
  prompting: 'completion',
  source: { kind: 'bundled', path: 'models/gorrion/' },
  parameters: 9_440_640,
  contextTokens: 512,
  license: 'CC-BY-4.0',
  languages: ['es'],
  variants: { cpu8: 9_693_864, gpu4: 9_208_890 },
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
  voice('leyes', 'Legisladora', 'completion', {
    es: 'Redacta artículos con el tono de las leyes.',
    en: 'Drafts articles in the tone of the law.',
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
    bytes: 441_288,
    license: 'CC-BY-4.0',
  };
}

const alone: Voice = { model: 'gorrion', adapter: null };

function tuned(voice: string): Voice {
  return { model: 'gorrion', adapter: `gorrion/${voice}` };
}

const examples: readonly ExamplePrompt[] = [
  {
    id: 'cuento',
    task: 'text-generation',
    title: { es: 'Un cuento que empieza', en: 'A story that begins' },
    text: 'Había una vez una niña que encontró en el patio un gorrión con un ala herida. Lo tomó entre las manos y',
    voices: [alone, tuned('quijote')],
  },
  {
    id: 'quijote',
    task: 'text-generation',
    title: { es: 'Don Quijote llega a un patio', en: 'Don Quixote comes to a courtyard' },
    text: 'Llegaron don Quijote y Sancho a un patio donde había una fuente, y viéndola, dijo don Quijote:',
    voices: [tuned('quijote'), alone],
  },
  {
    id: 'charla',
    task: 'chat',
    title: { es: 'Una pregunta, dos caracteres', en: 'One question, two characters' },
    text: 'Cuéntame un chiste',
    voices: [tuned('charla-ingeniosa'), tuned('charla-profesional')],
  },
  {
    id: 'receta',
    task: 'text-generation',
    title: { es: 'Arroz con leche', en: 'Rice pudding' },
    text: 'Arroz con leche. Se pone a cocer el arroz en leche con una rama de canela y',
    voices: [tuned('recetas'), alone],
  },
  {
    id: 'soneto',
    task: 'text-generation',
    title: { es: 'El primer verso', en: 'The first line of a sonnet' },
    text: 'Cuando la tarde cae sobre la fuente\n',
    voices: [tuned('sonetos'), alone],
  },
  {
    id: 'variables',
    task: 'text-generation',
    title: { es: 'Un comienzo, tres personajes', en: 'One beginning, three characters' },
    text: 'Era una vez {{quién}} que vivía en {{dónde}} y cada noche soñaba con',
    table: [
      { quién: 'una farera', dónde: 'una isla sin nombre' },
      { quién: 'un gato viejo', dónde: 'un molino' },
      { quién: 'el último relojero', dónde: 'la plaza del pueblo' },
    ],
    voices: [alone, tuned('quijote')],
  },
];

export const catalogue: Catalogue = { models: [gorrion], adapters, examples };
