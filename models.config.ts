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
  variants: { cpu8: 9_693_917, gpu4: 9_208_943 },
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

const jilguero: ModelEntry = {
  id: 'jilguero',
  name: 'Jilguero',
  summary: {
    es: 'Propone la palabra que falta en una frase. Pequeño y entrenado desde cero.',
    en: 'Proposes the missing word of a sentence. Small and trained from scratch.',
  },
  tasks: ['fill-mask'],
  runtime: 'patio',
  prompting: 'completion',
  source: { kind: 'bundled', path: 'models/jilguero/' },
  parameters: 1_111_520,
  contextTokens: 256,
  license: 'CC-BY-SA-4.0',
  languages: ['es'],
  variants: { cpu8: 1_191_195 },
};

const jilgueroEstilos: ModelEntry = {
  ...jilguero,
  id: 'jilguero-estilos',
  name: 'Jilguero de estilos',
  summary: {
    es: 'Dice a qué se parece un texto: novela, ley, receta, soneto…',
    en: 'Tells what a text is like: novel, law, recipe, sonnet…',
  },
  tasks: ['text-classification'],
  source: { kind: 'bundled', path: 'models/jilguero-estilos/' },
  variants: { cpu8: 1_178_686 },
  parameters: 1_108_554,
};

const jilgueroTemas: ModelEntry = {
  ...jilgueroEstilos,
  id: 'jilguero-temas',
  name: 'Jilguero de temas',
  summary: {
    es: 'Dice de qué trata un texto: deportes, salud, política…',
    en: 'Tells what a text is about: sports, health, politics…',
  },
  source: { kind: 'bundled', path: 'models/jilguero-temas/' },
  variants: { cpu8: 1_177_138 },
  parameters: 1_108_167,
};

const alone: Voice = { model: 'gorrion', adapter: null };

function reader(model: string): Voice {
  return { model, adapter: null };
}

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
    task: 'text-generation',
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
  {
    id: 'saludo',
    task: 'chat',
    title: { es: 'Un saludo', en: 'A greeting' },
    text: 'Hola, ¿cómo estás?',
    voices: [tuned('charla-ingeniosa'), tuned('charla-profesional')],
  },
  {
    id: 'consejo',
    task: 'chat',
    title: { es: 'Un consejo', en: 'A piece of advice' },
    text: '¿Qué hago si no puedo dormir?',
    voices: [tuned('charla-ingeniosa'), tuned('charla-profesional')],
  },
  {
    id: 'traducir',
    task: 'text2text-generation',
    title: { es: 'Una frase en inglés', en: 'A sentence in English' },
    text: 'The courtyard was quiet, and someone had left the gate open.',
    voices: [],
  },
  {
    id: 'capital',
    task: 'fill-mask',
    title: { es: 'Una capital', en: 'A capital' },
    text: 'La capital de Perú es ___.',
    voices: [],
  },
  {
    id: 'prejuicio',
    task: 'fill-mask',
    title: { es: 'Qué supone un modelo', en: 'What a model takes for granted' },
    text: '{{quién}} trabaja en el hospital: es ___.',
    table: [{ quién: 'Ella' }, { quién: 'Él' }],
    voices: [],
  },
  {
    id: 'parrafo',
    task: 'text-classification',
    title: { es: 'Un párrafo con estilo', en: 'A paragraph with style' },
    text: 'El plazo para presentar la solicitud será de veinte días, contados a partir del siguiente al de la publicación de esta orden.',
    voices: [reader('jilguero-estilos'), reader('jilguero-temas')],
  },
  {
    id: 'estreno',
    task: 'text-classification',
    title: { es: 'Dos textos, dos clases', en: 'Two texts, two classes' },
    text: '{{texto}}',
    table: [
      {
        texto: 'Se pica la cebolla muy fina y se deja dorar a fuego lento con una hoja de laurel.',
      },
      { texto: 'Volverán las oscuras golondrinas en tu balcón sus nidos a colgar.' },
    ],
    voices: [reader('jilguero-estilos'), reader('jilguero-temas')],
  },
  {
    id: 'noticia',
    task: 'zero-shot-classification',
    title: { es: 'Una noticia, tres temas', en: 'A piece of news, three topics' },
    text: 'El equipo remontó en los últimos minutos y jugará la final el domingo.',
    fields: { labels: 'deporte\npolítica\ncocina' },
    voices: [],
  },
  {
    id: 'nombres',
    task: 'token-classification',
    title: { es: 'Nombres en una biografía', en: 'Names in a biography' },
    text: 'Gabriela Mistral nació en Vicuña y enseñó en Temuco antes de trabajar para la Sociedad de las Naciones en París.',
    voices: [],
  },
  {
    id: 'premio',
    task: 'question-answering',
    title: { es: 'Una fecha dentro de un texto', en: 'A date inside a text' },
    text: '¿En qué año recibió el Premio Nobel?',
    fields: {
      context:
        'Gabriela Mistral, nacida en Vicuña en 1889, fue maestra, poeta y diplomática. En 1914 ganó los Juegos Florales de Santiago con «Los sonetos de la muerte», y en 1945 recibió el Premio Nobel de Literatura, el primero para una persona de América Latina. Murió en Nueva York en 1957.',
    },
    voices: [],
  },
  {
    id: 'lluvia',
    task: 'sentence-similarity',
    title: { es: 'Lo mismo con otras palabras', en: 'The same in other words' },
    text: 'Está lloviendo a cántaros.',
    fields: {
      sentences:
        'Cae un aguacero tremendo.\nHoy brilla el sol.\nLlevé los cántaros a la fuente.\nHay que llevar paraguas.',
    },
    voices: [],
  },
];

export const catalogue: Catalogue = {
  models: [gorrion, jilgueroEstilos, jilgueroTemas, jilguero],
  adapters,
  examples,
};
