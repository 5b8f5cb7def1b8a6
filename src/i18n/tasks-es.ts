import type { TaskId } from '../domain/model.ts';
import type { FieldId } from '../domain/task.ts';

interface TaskText {
  name: string;
  /** What it does, in the list of tasks. */
  summary: string;
  /** Over the field of the main text. */
  label: string;
  placeholder: string;
  /** The button that starts it. */
  run: string;
  /** Over its examples. */
  lead: string;
}

interface FieldText {
  label: string;
  /** A choice has none. */
  placeholder?: string;
  hint: string;
  /** Words of a choice, by value. */
  options: Record<string, string>;
}

export const tasksEs: Record<TaskId, TaskText> = {
  'text-generation': {
    name: 'Texto',
    summary: 'Sigue lo que se escriba.',
    label: 'Prompt',
    placeholder: 'El comienzo de un cuento, una pregunta…',
    run: 'Generar',
    lead: 'Elegir un comienzo y ver cómo sigue cada voz.',
  },
  chat: {
    name: 'Conversación',
    summary: 'Responde por turnos y recuerda lo anterior.',
    label: 'Mensaje',
    placeholder: 'Un saludo, una pregunta…',
    run: 'Enviar',
    lead: 'Elegir un mensaje y ver qué responde cada voz.',
  },
  'text2text-generation': {
    name: 'Reescritura y traducción',
    summary: 'Convierte un texto en otro: traduce, resume, corrige.',
    label: 'Texto',
    placeholder: 'El texto que hay que traducir o reescribir…',
    run: 'Reescribir',
    lead: 'Elegir un texto y ver cómo lo reescribe cada voz.',
  },
  'fill-mask': {
    name: 'Palabra oculta',
    summary: 'Adivina la palabra que falta en una frase.',
    label: 'Frase con un hueco',
    placeholder: 'La capital de Perú es ___.',
    run: 'Adivinar',
    lead: 'Elegir una frase y ver qué palabra pone cada voz.',
  },
  'text-classification': {
    name: 'Clasificación',
    summary: 'Dice de qué clase es un texto, entre las que el modelo aprendió.',
    label: 'Texto',
    placeholder: 'Una opinión, una noticia, un párrafo…',
    run: 'Clasificar',
    lead: 'Elegir un texto y ver cómo lo clasifica cada voz.',
  },
  'zero-shot-classification': {
    name: 'Etiquetas libres',
    summary: 'Clasifica con etiquetas propias, sin entrenar nada.',
    label: 'Texto',
    placeholder: 'El texto que hay que etiquetar…',
    run: 'Etiquetar',
    lead: 'Elegir un texto y ver qué etiqueta le pone cada voz.',
  },
  'token-classification': {
    name: 'Entidades',
    summary: 'Marca personas, lugares y otros nombres en un texto.',
    label: 'Texto',
    placeholder: 'Una noticia, una carta, un informe…',
    run: 'Marcar',
    lead: 'Elegir un texto y ver qué marca cada voz.',
  },
  'question-answering': {
    name: 'Preguntas',
    summary: 'Encuentra la respuesta dentro de un texto.',
    label: 'Pregunta',
    placeholder: '¿Quién, cuándo, dónde…?',
    run: 'Buscar',
    lead: 'Elegir una pregunta y ver dónde encuentra la respuesta cada voz.',
  },
  'sentence-similarity': {
    name: 'Parecido',
    summary: 'Ordena frases según cuánto se parece su significado.',
    label: 'Frase',
    placeholder: 'La frase con la que se comparan las demás…',
    run: 'Comparar',
    lead: 'Elegir una frase y ver qué le parece más cercano a cada voz.',
  },
};

export const fieldsEs: Record<FieldId, FieldText> = {
  system: {
    label: 'Papel de la voz',
    placeholder: 'Por ejemplo: una bibliotecaria que recomienda lecturas.',
    hint: 'Se da a la voz antes de la conversación. No todas las plantillas lo admiten.',
    options: {},
  },
  prefix: {
    label: 'Instrucción',
    placeholder: 'Por ejemplo: translate English to Spanish: ',
    hint: 'Va delante del texto. Algunos modelos la necesitan tal como dice su tarjeta; otros, ninguna.',
    options: {},
  },
  labels: {
    label: 'Etiquetas',
    placeholder: 'deporte\npolítica\ncultura',
    hint: 'Una por línea.',
    options: {},
  },
  several: {
    label: 'Cuántas pueden ser ciertas',
    hint: 'Si es una sola, las etiquetas se reparten el 100 %; si son varias, cada una se juzga aparte.',
    options: { one: 'Una sola', several: 'Varias a la vez' },
  },
  hypothesis: {
    label: 'Frase que se juzga',
    placeholder: 'Este texto trata de {}.',
    hint: 'En el lugar de {} va cada etiqueta. El modelo dice si la frase se deduce del texto.',
    options: {},
  },
  entailment: {
    label: 'Clase que afirma',
    hint: 'Cuál de las clases del modelo significa que la frase se deduce. Casi siempre lo dice su nombre.',
    options: {
      name: 'La que dice su nombre',
      '0': 'La primera (LABEL_0)',
      '1': 'La segunda (LABEL_1)',
      '2': 'La tercera (LABEL_2)',
    },
  },
  aggregation: {
    label: 'Cómo se unen las piezas',
    hint: 'El modelo lee pedazos de palabra. Las piezas vecinas de una clase se unen, o cada palabra entera toma la clase de una de las suyas.',
    options: {
      simple: 'Piezas vecinas',
      first: 'Por palabras: la primera pieza',
      max: 'Por palabras: la pieza más segura',
    },
  },
  context: {
    label: 'Texto donde buscar',
    placeholder: 'El texto que contiene la respuesta…',
    hint: 'Si es más largo de lo que el modelo alcanza a leer, se lee por partes.',
    options: {},
  },
  sentences: {
    label: 'Frases que se comparan',
    placeholder: 'Una frase\nOtra frase',
    hint: 'Una por línea.',
    options: {},
  },
};
