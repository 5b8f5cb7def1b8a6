import type {
  AdapterEntry,
  Catalogue,
  ExamplePrompt,
  ModelEntry,
  ShelfModel,
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

/**
 * Real models of the Hub, small ones first. None of their own files could be run while this was
 * written, so each stands as untried until somebody has seen it run.
 */
export const shelf: readonly ShelfModel[] = [
  {
    repo: 'somosnlp-hackathon-2022/es_text_neutralizer',
    name: 'Neutralizador de género',
    summary: {
      es: 'Reescribe un texto con formas neutras en cuanto al género.',
      en: 'Rewrites a text in gender-neutral forms.',
    },
    task: 'text2text-generation',
    languages: ['es'],
    parameters: 60_000_000,
    license: 'apache-2.0',
    bytes: 242_000_000,
    source: 'Hub, árbol de ficheros',
    tried: false,
  },
  {
    repo: 'somosnlp-hackathon-2022/t5-small-spanish-nahuatl',
    name: 'Español a náhuatl',
    summary: {
      es: 'Traduce frases del español al náhuatl.',
      en: 'Translates sentences from Spanish into Nahuatl.',
    },
    task: 'text2text-generation',
    languages: ['es', 'nah'],
    parameters: 60_000_000,
    license: 'apache-2.0',
    bytes: null,
    source: 'Hub; colección «#HackathonSomosNLP 22: Cool Projects»',
    tried: false,
  },
  {
    repo: 'somosnlp-hackathon-2022/poem-gen-spanish-t5-small',
    name: 'Poemas con T5',
    summary: {
      es: 'Escribe versos a partir de un comienzo.',
      en: 'Writes verse from a beginning.',
    },
    task: 'text2text-generation',
    languages: ['es'],
    parameters: 60_000_000,
    license: null,
    bytes: null,
    source: 'Hub; colección «#HackathonSomosNLP 22: Cool Projects»',
    tried: false,
  },
  {
    repo: 'Xenova/opus-mt-es-en',
    name: 'OPUS español a inglés',
    summary: {
      es: 'Traduce del español al inglés.',
      en: 'Translates from Spanish into English.',
    },
    task: 'text2text-generation',
    languages: ['es', 'en'],
    parameters: null,
    license: null,
    bytes: 113_000_000,
    source: 'Hub, árbol de ficheros',
    tried: false,
  },
  {
    repo: 'Xenova/robertuito-sentiment-analysis',
    name: 'RoBERTuito, sentimiento',
    summary: {
      es: 'Dice si un tuit suena positivo, negativo o neutro.',
      en: 'Tells whether a tweet sounds positive, negative or neutral.',
    },
    task: 'text-classification',
    languages: ['es'],
    parameters: 109_000_000,
    license: null,
    bytes: 110_000_000,
    source: 'Hub, árbol de ficheros y README',
    tried: false,
  },
  {
    repo: 'pysentimiento/robertuito-emotion-analysis',
    name: 'RoBERTuito, emociones',
    summary: {
      es: 'Dice qué emoción hay en un tuit.',
      en: 'Tells which emotion a tweet holds.',
    },
    task: 'text-classification',
    languages: ['es'],
    parameters: 109_000_000,
    license: null,
    bytes: null,
    source: 'pysentimiento/pysentimiento',
    tried: false,
  },
  {
    repo: 'somosnlp-hackathon-2022/twitter_sexismo-finetuned-exist2021-metwo',
    name: 'Detección de sexismo',
    summary: {
      es: 'Señala expresiones sexistas en tuits.',
      en: 'Flags sexist expressions in tweets.',
    },
    task: 'text-classification',
    languages: ['es'],
    parameters: 109_000_000,
    license: 'apache-2.0',
    bytes: 435_000_000,
    source: 'Hub, árbol de ficheros',
    tried: false,
  },
  {
    repo: 'dccuchile/bert-base-spanish-wwm-cased',
    name: 'BETO',
    summary: {
      es: 'El BERT en español más usado. Propone la palabra que falta.',
      en: 'The most used Spanish BERT. Proposes the missing word.',
    },
    task: 'fill-mask',
    languages: ['es'],
    parameters: 110_000_000,
    license: null,
    bytes: null,
    source: 'dccuchile/beto, README',
    tried: false,
  },
  {
    repo: 'somosnlp/bertin_base_climate_detection_spa',
    name: 'Clima en las noticias',
    summary: {
      es: 'Dice si un texto trata del cambio climático.',
      en: 'Tells whether a text is about climate change.',
    },
    task: 'text-classification',
    languages: ['es'],
    parameters: 125_000_000,
    license: 'cc-by-4.0',
    bytes: null,
    source: 'Hub, ficha del modelo',
    tried: false,
  },
  {
    repo: 'PlanTL-GOB-ES/roberta-base-bne-capitel-ner-plus',
    name: 'RoBERTa-bne, entidades',
    summary: {
      es: 'Encuentra personas, lugares y organizaciones.',
      en: 'Finds people, places and organisations.',
    },
    task: 'token-classification',
    languages: ['es'],
    parameters: 125_000_000,
    license: null,
    bytes: null,
    source: 'PlanTL-GOB-ES/lm-spanish, README',
    tried: false,
  },
  {
    repo: 'somosnlp-hackathon-2022/jurisbert-finetuning-ner',
    name: 'JurisBERT, entidades',
    summary: {
      es: 'Encuentra entidades en textos jurídicos mexicanos.',
      en: 'Finds entities in Mexican legal texts.',
    },
    task: 'token-classification',
    languages: ['es'],
    parameters: null,
    license: null,
    bytes: null,
    source: 'Hub, Space modelo-juridico-mexicano',
    tried: false,
  },
  {
    repo: 'iagovar/roberta-base-bne-sqac-onnx',
    name: 'Preguntas sobre un texto',
    summary: {
      es: 'Busca la respuesta a una pregunta dentro de un texto.',
      en: 'Looks for the answer to a question in a text.',
    },
    task: 'question-answering',
    languages: ['es'],
    parameters: 124_000_000,
    license: null,
    bytes: 125_000_000,
    source: 'Hub, árbol de ficheros y README',
    tried: false,
  },
  {
    repo: 'somosnlp-hackathon-2022/bertin-roberta-base-zeroshot-esnli',
    name: 'Etiquetas libres con BERTIN',
    summary: {
      es: 'Clasifica con etiquetas que se escriben al momento.',
      en: 'Classifies with labels written on the spot.',
    },
    task: 'zero-shot-classification',
    languages: ['es'],
    parameters: 125_000_000,
    license: null,
    bytes: null,
    source: 'Hub; colección «#HackathonSomosNLP 22: Cool Projects»',
    tried: false,
  },
  {
    repo: 'Xenova/multilingual-e5-small',
    name: 'E5 multilingüe pequeño',
    summary: {
      es: 'Mide cuánto se parecen dos frases.',
      en: 'Measures how alike two sentences are.',
    },
    task: 'sentence-similarity',
    languages: ['es', 'en'],
    parameters: null,
    license: 'mit',
    bytes: 118_000_000,
    source: 'Hub, árbol de ficheros',
    tried: false,
  },
  {
    repo: 'flax-community/gpt-2-spanish',
    name: 'GPT-2 en español',
    summary: {
      es: 'Continúa textos; entrenado desde cero en español.',
      en: 'Continues texts; trained from scratch in Spanish.',
    },
    task: 'text-generation',
    languages: ['es'],
    parameters: null,
    license: null,
    bytes: null,
    source: 'somosnlp/somosnlp.org, recursos',
    tried: false,
  },
  {
    repo: 'onnx-community/gemma-3-270m-it-ONNX',
    name: 'Gemma 3 270M',
    summary: {
      es: 'Conversa; el más pequeño de su familia.',
      en: 'Chats; the smallest of its family.',
    },
    task: 'chat',
    languages: ['es', 'en'],
    parameters: 270_000_000,
    license: 'gemma',
    bytes: null,
    source: 'huggingface/transformers.js-examples',
    tried: false,
  },
  {
    repo: 'somosnlp-hackathon-2026/mombeu-LFM2.5-350M',
    name: 'Mombeu',
    summary: {
      es: 'Conversa en español y en guaraní.',
      en: 'Chats in Spanish and in Guarani.',
    },
    task: 'chat',
    languages: ['es', 'gn'],
    parameters: 350_000_000,
    license: 'apache-2.0',
    bytes: null,
    source: 'Informe de actualizaciones del Hub, junio de 2026',
    tried: false,
  },
  {
    repo: 'LiquidAI/LFM2.5-350M-ONNX',
    name: 'LFM2.5 350M',
    summary: {
      es: 'Conversa; pensado para equipos pequeños.',
      en: 'Chats; made for small devices.',
    },
    task: 'chat',
    languages: ['es', 'en', 'fr', 'de', 'pt'],
    parameters: 350_000_000,
    license: 'lfm1.0',
    bytes: 604_000_000,
    source: 'Hub, ficha del modelo',
    tried: false,
  },
  {
    repo: 'onnx-community/Qwen3-0.6B-ONNX',
    name: 'Qwen3 0,6B',
    summary: {
      es: 'Conversa y razona en muchas lenguas.',
      en: 'Chats and reasons in many languages.',
    },
    task: 'chat',
    languages: ['es', 'en'],
    parameters: 600_000_000,
    license: 'apache-2.0',
    bytes: 570_000_000,
    source: 'huggingface/transformers.js, ejemplos',
    tried: false,
  },
  {
    repo: 'LenguajeNaturalAI/leniachat-qwen2-1.5B-v0',
    name: 'LeniaChat 1,5B',
    summary: {
      es: 'Conversa en español.',
      en: 'Chats in Spanish.',
    },
    task: 'chat',
    languages: ['es'],
    parameters: 1_500_000_000,
    license: null,
    bytes: null,
    source: 'somosnlp/la-leaderboard-backend',
    tried: false,
  },
  {
    repo: 'somosnlp/kuntur-peru-legal-es-gemma-2b-it-merged',
    name: 'Kuntur',
    summary: {
      es: 'Responde sobre leyes del Perú.',
      en: 'Answers about the laws of Peru.',
    },
    task: 'chat',
    languages: ['es'],
    parameters: 2_000_000_000,
    license: null,
    bytes: null,
    source: 'somosnlp/somosnlp.org, hackathon 2024',
    tried: false,
  },
  {
    repo: 'somosnlp/phi-2-LC',
    name: 'Lenguaje claro con Phi-2',
    summary: {
      es: 'Reescribe textos administrativos en lenguaje claro.',
      en: 'Rewrites administrative texts in plain language.',
    },
    task: 'text-generation',
    languages: ['es'],
    parameters: 2_500_000_000,
    license: 'apache-2.0',
    bytes: null,
    source: 'Hub, ficha del modelo',
    tried: false,
  },
];
