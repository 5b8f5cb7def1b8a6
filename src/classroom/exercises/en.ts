import type { ClassPack, Exercise } from '../pack.ts';
import { classEs } from './es.ts';
import { FINE_TUNING, NEXT_WORD } from './experiments.ts';

const nextWord: Exercise = {
  id: 'siguiente-palabra',
  title: 'How a language model chooses the next word',
  summary:
    'What lies behind each word a model writes: a list of candidates, a draw, and rules that tilt it.',
  minutes: 20,
  steps: [
    {
      id: 'lista',
      title: 'A list with probabilities',
      text: [
        'A language model does not think of a sentence and then write it. It looks at all the text before it and gives a probability to every piece of a word that could come next. It adds one, and begins again with a slightly longer text.',
        'Before running: read the beginning («The girl opened the door and saw») and write the three likeliest words on paper. Then run, and compare them with what Gorrión proposes. Gorrión is small (9.4 million numbers; well-known models have thousands of times more) and learnt mostly from children’s stories in Spanish.',
        'Under the answer, each piece can be pressed to see what competed with it.',
      ],
      work: NEXT_WORD.list,
      questions: [
        {
          id: 'acierto',
          text: 'Was any of the three words on paper there? Which was likeliest for Gorrión, and with what percentage?',
        },
        { id: 'sin-dueno', text: 'The likeliest word does not reach one half. Who has the rest?' },
      ],
    },
    {
      id: 'trozos',
      title: 'Not words: pieces',
      text: [
        'The model does not choose whole words but pieces, called tokens. Frequent words are one piece; rare ones are written in several.',
        'Run, and press the pieces of the first invented word after each beginning. Notice how its confidence changes between the first piece of a word and the second.',
      ],
      work: NEXT_WORD.pieces,
      questions: [
        {
          id: 'seguro',
          text: 'With what probability does it choose the first piece of «grillo» (cricket)? And the second? Why so different?',
        },
      ],
    },
    {
      id: 'temperatura',
      title: 'Temperature',
      text: [
        'With temperature 0 the likeliest piece is always taken. Raising it gives more tickets in the draw to the less likely ones: the list is the same, the shares change.',
        'The three columns go on from the same beginning with the same seed; only the temperature differs: 0, 0.8 and 2. The percentages shown are the model’s own, before the temperature is applied: they tell how much was risked.',
      ],
      work: NEXT_WORD.temperature,
      questions: [
        {
          id: 'legible',
          text: 'How far can the third column be read before the thread is lost? Copy the first word that no longer fits.',
        },
        { id: 'riesgo', text: 'In that column, what probability did the first piece have?' },
      ],
    },
    {
      id: 'top-k',
      title: 'Cutting the list',
      text: [
        'Top-k leaves only the k likeliest pieces in the draw. The three columns use a high temperature (1.5) and differ in the cut: 1, 5 and none.',
        'With k equal to 1 the temperature does not matter: nothing is left to draw.',
      ],
      work: NEXT_WORD.topK,
      questions: [
        {
          id: 'rescate',
          text: 'What does a cut at 5 mend, and what does it not? Give one example of each, copied from the answer.',
        },
      ],
    },
    {
      id: 'semilla',
      title: 'Chance can be repeated',
      text: [
        'The draw is made by a number generator that always starts in the same place when given the same seed. The first and third columns have seed 1; the second has 2.',
        'That is why two people with the same model, parameters and seed can talk about the same answer. Between very different machines (CPU and GPU) it may change: sums are rounded in another way.',
      ],
      work: NEXT_WORD.seeds,
      questions: [
        {
          id: 'igual',
          text: 'Are the first and the third identical? Press “Repeat” on the second: what changes?',
        },
      ],
    },
    {
      id: 'propio',
      title: 'In one’s own words',
      text: [
        'Here the beginning and the parameters can be changed; the voice is still Gorrión. Find a beginning where the model is very sure of what follows (over 90 %) and another where it hesitates a lot.',
      ],
      work: NEXT_WORD.own,
      questions: [
        {
          id: 'comienzos',
          text: 'Write down both beginnings and the probability of the first word after each.',
        },
        {
          id: 'explicar',
          text: 'Explain in two sentences, to somebody who was not in class, how a model chooses the next word.',
        },
      ],
    },
  ],
  notes: [
    'A possible timing: 3 minutes a step and 2 to share. If time is short, skip cutting the list: temperature and seed are what people remember.',
    'With the values as they are, on a CPU, the first step gives «la» (about 32 %), then «una» (24 %) and «un» (14 %). Write what the group had on paper on the board before revealing it: it is hardly ever «la», because people propose nouns and the model proposes articles.',
    'In the second step «gri» has about 8 % and «llo» over 98 %: once a word has begun there is hardly another way to end it. The best moment to explain what a token is.',
    'With temperature 2 and no cut the text falls apart at once; nothing is broken. Its first piece, «alguna», had less than 0.1 %.',
    'A common mistake: “temperature is creativity”. What changes is the shares of the draw; what sometimes seems creative is an unlikely hit that a person had the eye to see.',
    'Another: “it looked the sentence up somewhere”. Nothing is looked up: the machine may be offline and the answer is the same.',
  ],
};

const fineTuning: Exercise = {
  id: 'ajuste-fino',
  title: 'What fine-tuning changes',
  summary:
    'One model with several adapters, the same beginnings and the same seed: what is won, what is lost, what stays.',
  minutes: 45,
  steps: [
    {
      id: 'base',
      title: 'The voice it starts from',
      text: [
        'Gorrión learnt to continue texts, mostly children’s stories. Before comparing, get to know its voice: run both beginnings («The kitchen smelled of bread when the girl came in and», «The moon») and read the answers aloud.',
      ],
      work: FINE_TUNING.base,
      questions: [
        {
          id: 'voz',
          text: 'Describe Gorrión’s voice in one line: what it speaks of, what its sentences are like.',
        },
        { id: 'hilo', text: 'Does it keep the thread? Copy the exact point where it loses it.' },
      ],
    },
    {
      id: 'adaptadores',
      title: 'The same model in another voice',
      text: [
        'Fine-tuning goes on training a model with texts of one kind. Here the whole model was not changed: each adapter (LoRA) is a small addition, less than half a megabyte, laid over the same 9.4 million numbers.',
        'The four columns have the same beginnings, the same parameters and the same seed. Whatever differs comes from the adapter.',
        'Rate each answer from 1 to 5 on two things: how much it sounds like its genre (a recipe, a sonnet, Don Quixote) and how much sense it makes.',
      ],
      work: FINE_TUNING.four,
      questions: [
        { id: 'notas-genero', text: 'Genre (1 to 5) of each column, in order.' },
        { id: 'notas-sentido', text: 'Sense (1 to 5) of each column, in order.' },
        {
          id: 'senales',
          text: 'Name three concrete signs of the genre: words, marks, line breaks. In which column are they clearest?',
        },
      ],
    },
    {
      id: 'dentro',
      title: 'Where the change is',
      text: [
        'Without chance (temperature 0), the three voices begin alike after «La luna». Press the pieces and compare the lists: an adapter does not write new sentences, it moves probabilities.',
      ],
      work: FINE_TUNING.inside,
      questions: [
        {
          id: 'lista',
          text: 'At which piece do they part? Copy the candidates that are in the cook’s list and not in Gorrión’s.',
        },
        {
          id: 'salto-linea',
          text: 'In the list of the first piece, how likely is the line break (↵) in each voice, and what does that suggest about the texts they were trained on?',
        },
      ],
    },
    {
      id: 'datos',
      title: 'What it does not learn',
      text: [
        'A change of voice is not learning facts. The three models answer, without chance, two beginnings that anybody completes without thinking («The capital of France is», «Two plus two are»).',
        'Before running, write what each should say and what it is expected to say.',
      ],
      work: FINE_TUNING.facts,
      questions: [
        {
          id: 'prediccion',
          text: 'Did it go as expected? Copy the answer that is surest of itself and most wrong.',
        },
        {
          id: 'tono',
          text: 'Which answer sounds most credible? Has that anything to do with being true?',
        },
      ],
    },
    {
      id: 'modales',
      title: 'Learning manners',
      text: [
        'Two adapters were trained on turns of conversation, one with irony and one with a formal tone. They answer a question instead of continuing it: the format is learnt too.',
      ],
      work: FINE_TUNING.manners,
      questions: [
        { id: 'contestan', text: 'Do they answer what is asked? What have they learnt, then?' },
      ],
    },
    {
      id: 'prueba',
      title: 'Looking for the limit',
      text: [
        'Choose a voice and change the beginning until it fails: a distant subject, another language, a direct question, a beginning of another genre. Parameters stay as they are, so that only the text changes. Try three beginnings at least.',
      ],
      work: FINE_TUNING.probe,
      questions: [
        { id: 'fallos', text: 'Note the three beginnings and what happened with each.' },
        {
          id: 'arreglo',
          text: 'For that failure to go away, would it take more texts, other texts, or a larger model? Why?',
        },
        { id: 'conclusion', text: 'Complete: fine-tuning changes…, and does not change…' },
      ],
    },
  ],
  notes: [
    'A possible timing: 5 minutes for the first voice, 12 for the adapters, 7 to look inside, 7 for facts, 4 for manners and 10 to look for the limit and share.',
    'Rating works best in pairs: each alone first, then compare. Two people who rate the same answer differently is a good way into how models are evaluated.',
    'In “What it does not learn”, with the values as they are, on a CPU, both Gorrión and the legislator answer that two plus two are five, and the legislator writes «un 10% (dos por ciento)», ten percent (two per cent). People remember it: the tone of a law with no law behind it.',
    'In “Learning manners” the professional voice answers «No lo sé.» (I do not know) to the capital of France. It may look like prudence; ask whether it is, or whether the phrase is frequent in its texts.',
    'A limit to say aloud: Gorrión is a thousand times smaller than the models of daily use. What is seen here (moving probabilities, learning format before facts) happens in them too; the clumsiness, less so.',
    'Where a machine cannot run the models, work in pairs: answers are the same on every machine that computes on the CPU with the same variant.',
  ],
};

export const classEn: ClassPack = {
  ...classEs,
  title: 'The two classes of the house',
  summary: 'They come with Patio and work with the models it brings.',
  language: 'en',
  exercises: [nextWord, fineTuning],
};
