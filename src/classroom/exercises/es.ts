import type { ClassPack, Exercise } from '../pack.ts';
import { CLASS_FORMAT, CLASS_VERSION } from '../pack.ts';
import { FINE_TUNING, NEXT_WORD } from './experiments.ts';
import { GOLDEN } from './golden.ts';

const nextWord: Exercise = {
  id: 'siguiente-palabra',
  title: 'Cómo elige la siguiente palabra un modelo de lenguaje',
  summary:
    'Qué hay detrás de cada palabra que escribe un modelo: una lista de candidatas, un sorteo y unas reglas que lo inclinan.',
  minutes: 20,
  steps: [
    {
      id: 'lista',
      title: 'Una lista con probabilidades',
      text: [
        'Un modelo de lenguaje no piensa una frase y luego la escribe. Mira todo el texto que tiene delante y le da una probabilidad a cada trozo de palabra que podría venir después. Añade uno, y vuelve a empezar con un texto un poco más largo.',
        'Antes de ejecutar: leer el comienzo y escribir en un papel las tres palabras que parecen más probables. Después, ejecutar y comparar con las que propone Gorrión. Gorrión es pequeño (9,4 millones de números; los modelos conocidos tienen miles de veces más) y aprendió sobre todo de cuentos.',
        'Debajo de la respuesta, cada trozo escrito se puede pulsar para ver qué otros competían con él.',
      ],
      work: NEXT_WORD.list,
      questions: [
        {
          id: 'acierto',
          text: '¿Coincidió alguna de las tres palabras del papel? ¿Cuál era la más probable para Gorrión y con qué porcentaje?',
        },
        {
          id: 'sin-dueno',
          text: 'La palabra más probable no llega a la mitad. ¿Quién se lleva el resto?',
        },
      ],
    },
    {
      id: 'trozos',
      title: 'No son palabras: son trozos',
      text: [
        'El modelo no elige palabras enteras, sino trozos que se llaman tokens. Las palabras frecuentes son un solo trozo; las raras se escriben en varios.',
        'Ejecutar y pulsar los trozos de la primera palabra inventada en cada comienzo. Fijarse en cómo cambia la seguridad entre el primer trozo de una palabra y el segundo.',
      ],
      work: NEXT_WORD.pieces,
      questions: [
        {
          id: 'seguro',
          text: '¿Con qué probabilidad elige el primer trozo de «grillo»? ¿Y el segundo? ¿Por qué es tan distinta?',
        },
      ],
    },
    {
      id: 'temperatura',
      title: 'La temperatura',
      text: [
        'Con temperatura 0 se toma siempre el trozo más probable. Al subirla, los menos probables reciben más papeletas en el sorteo: la lista es la misma, cambia el reparto.',
        'Las tres columnas continúan el mismo comienzo con la misma semilla; solo cambia la temperatura: 0, 0,8 y 2. Los porcentajes que se muestran son los del modelo, antes de aplicar la temperatura: así se ve cuánto se arriesgó.',
      ],
      work: NEXT_WORD.temperature,
      questions: [
        {
          id: 'legible',
          text: '¿Hasta dónde se puede leer la tercera columna sin perder el hilo? Copiar la primera palabra que ya no encaja.',
        },
        {
          id: 'riesgo',
          text: 'En esa columna, ¿qué probabilidad tenía el primer trozo que salió?',
        },
      ],
    },
    {
      id: 'top-k',
      title: 'Recortar la lista',
      text: [
        'Top-k deja en el sorteo solo los k trozos más probables. Las tres columnas usan una temperatura alta (1,5) y se diferencian en el recorte: 1, 5 y sin recorte.',
        'Con k igual a 1 da lo mismo la temperatura: no queda nada que sortear.',
      ],
      work: NEXT_WORD.topK,
      questions: [
        {
          id: 'rescate',
          text: '¿Qué arregla el recorte a 5 y qué no arregla? Dar un ejemplo de cada cosa copiado de la respuesta.',
        },
      ],
    },
    {
      id: 'semilla',
      title: 'El azar se puede repetir',
      text: [
        'El sorteo lo hace un generador de números que empieza siempre en el mismo sitio si se le da la misma semilla. Las columnas primera y tercera tienen la semilla 1; la segunda, la 2.',
        'Por eso dos personas con el mismo modelo, los mismos parámetros y la misma semilla pueden hablar de la misma respuesta. Entre equipos muy distintos (CPU y GPU) puede cambiar: las cuentas se redondean de otra manera.',
      ],
      work: NEXT_WORD.seeds,
      questions: [
        {
          id: 'igual',
          text: '¿Son idénticas la primera y la tercera? Pulsar «Repetir» en la segunda: ¿qué cambia?',
        },
      ],
    },
    {
      id: 'propio',
      title: 'Con palabras propias',
      text: [
        'Aquí se pueden cambiar el comienzo y los parámetros; la voz sigue siendo Gorrión. Buscar un comienzo en el que el modelo esté muy seguro de lo que sigue (más del 90 %) y otro en el que dude mucho.',
      ],
      work: NEXT_WORD.own,
      questions: [
        {
          id: 'comienzos',
          text: 'Escribir los dos comienzos y la probabilidad de la primera palabra en cada uno.',
        },
        {
          id: 'explicar',
          text: 'Explicar en dos frases, a alguien que no ha estado en clase, cómo elige un modelo la siguiente palabra.',
        },
      ],
    },
  ],
  notes: [
    'Reparto orientativo: 3 minutos por paso y 2 de puesta en común. Si falta tiempo, saltar el recorte de la lista: la temperatura y la semilla son lo que más se recuerda.',
    'Con los valores fijados y en CPU, el primer paso da «la» (alrededor del 32 %), seguida de «una» (24 %) y «un» (14 %). Conviene anotar en la pizarra lo que escribió el grupo en papel antes de descubrirlo: casi nunca coincide con «la», porque las personas proponen nombres y el modelo, artículos.',
    'En el segundo paso, «gri» sale con cerca del 8 % y «llo» con más del 98 %: empezada la palabra, apenas hay otra manera de acabarla. Es el mejor momento para explicar qué es un token.',
    'Con temperatura 2 y sin recorte el texto se deshace enseguida; no es un fallo del programa. El primer trozo, «alguna», tenía menos del 0,1 %.',
    'Idea equivocada frecuente: «la temperatura es creatividad». Lo que cambia es el reparto del sorteo; lo que a veces parece creativo es un acierto improbable que una persona ha sabido ver.',
    'Otra: «ha buscado la frase en algún sitio». Nada se busca: el equipo puede estar sin red y la respuesta es la misma.',
  ],
};

const fineTuning: Exercise = {
  id: 'ajuste-fino',
  title: 'Qué cambia un ajuste fino',
  summary:
    'El mismo modelo con distintos adaptadores, los mismos comienzos y la misma semilla: qué se gana, qué se pierde y qué sigue igual.',
  minutes: 45,
  steps: [
    {
      id: 'base',
      title: 'La voz de partida',
      text: [
        'Gorrión aprendió a continuar textos, sobre todo cuentos. Antes de comparar hace falta conocer su voz: ejecutar los dos comienzos y leer las respuestas en voz alta.',
      ],
      work: FINE_TUNING.base,
      questions: [
        {
          id: 'voz',
          text: 'Describir en una línea la voz de Gorrión: de qué habla, cómo son sus frases.',
        },
        { id: 'hilo', text: '¿Mantiene el hilo? Copiar el punto exacto en el que lo pierde.' },
      ],
    },
    {
      id: 'adaptadores',
      title: 'El mismo modelo con otra voz',
      text: [
        'Un ajuste fino sigue entrenando un modelo con textos de una sola clase. Aquí no se cambió el modelo entero: cada adaptador (LoRA) es un añadido pequeño, de menos de medio megabyte, que se coloca sobre los mismos 9,4 millones de números.',
        'Las cuatro columnas tienen los mismos comienzos, los mismos parámetros y la misma semilla. Todo lo que cambia viene del adaptador.',
        'Puntuar cada respuesta de 1 a 5 en dos cosas: cuánto suena a su género (una receta, un soneto, el Quijote) y cuánto sentido tiene.',
      ],
      work: FINE_TUNING.four,
      questions: [
        { id: 'notas-genero', text: 'Puntuación de género (1 a 5) de cada columna, en orden.' },
        { id: 'notas-sentido', text: 'Puntuación de sentido (1 a 5) de cada columna, en orden.' },
        {
          id: 'senales',
          text: 'Nombrar tres señales concretas del género: palabras, signos, cortes de línea. ¿En qué columna se ven mejor?',
        },
      ],
    },
    {
      id: 'dentro',
      title: 'Dónde está el cambio',
      text: [
        'Sin azar (temperatura 0), las tres voces empiezan igual tras «La luna». Pulsar los trozos y comparar las listas: el adaptador no escribe frases nuevas, mueve probabilidades.',
      ],
      work: FINE_TUNING.inside,
      questions: [
        {
          id: 'lista',
          text: '¿En qué trozo se separan? Copiar las candidatas que aparecen en la lista de la cocinera y no en la de Gorrión.',
        },
        {
          id: 'salto-linea',
          text: 'En la lista del primer trozo, ¿qué probabilidad tiene el salto de línea (↵) en cada voz, y qué hace pensar eso de los textos con que se entrenaron?',
        },
      ],
    },
    {
      id: 'datos',
      title: 'Lo que no aprende',
      text: [
        'Cambiar de voz no es aprender hechos. Los tres modelos responden sin azar a dos comienzos que una persona completa sin pensar.',
        'Antes de ejecutar, escribir qué debería decir cada uno y qué se espera que diga.',
      ],
      work: FINE_TUNING.facts,
      questions: [
        {
          id: 'prediccion',
          text: '¿Se cumplió lo esperado? Copiar la respuesta más segura de sí misma y más equivocada.',
        },
        {
          id: 'tono',
          text: '¿Qué respuesta suena más creíble? ¿Tiene eso algo que ver con que sea verdad?',
        },
      ],
    },
    {
      id: 'modales',
      title: 'Aprender modales',
      text: [
        'Dos adaptadores se entrenaron con turnos de conversación, uno con ironía y otro con tono formal. Contestan a una pregunta en vez de continuarla: el formato también se aprende.',
      ],
      work: FINE_TUNING.manners,
      questions: [
        { id: 'contestan', text: '¿Contestan a lo que se pregunta? ¿Qué han aprendido entonces?' },
      ],
    },
    {
      id: 'prueba',
      title: 'Buscar el límite',
      text: [
        'Elegir una voz y cambiar el comienzo hasta que falle: un tema lejano, otro idioma, una pregunta directa, un comienzo de otro género. Los parámetros quedan fijos para que lo único que cambie sea el texto. Probar al menos tres comienzos.',
      ],
      work: FINE_TUNING.probe,
      questions: [
        { id: 'fallos', text: 'Anotar los tres comienzos y qué pasó con cada uno.' },
        {
          id: 'arreglo',
          text: 'Para que ese fallo desapareciera, ¿harían falta más textos, otros textos, o un modelo más grande? ¿Por qué?',
        },
        { id: 'conclusion', text: 'Completar: un ajuste fino cambia…, y no cambia…' },
      ],
    },
  ],
  notes: [
    'Reparto orientativo: 5 minutos para la voz de partida, 12 para los adaptadores, 7 para mirar dentro, 7 para los hechos, 4 para los modales y 10 para buscar el límite y poner en común.',
    'La puntuación funciona mejor por parejas: primero cada cual a solas y después se comparan. Dos personas que puntúan lo mismo de forma distinta es un buen comienzo para hablar de cómo se evalúan los modelos.',
    'En «Lo que no aprende», con los valores fijados y en CPU, tanto Gorrión como la legisladora responden que dos más dos son cinco, y la legisladora escribe «un 10% (dos por ciento)». Es un ejemplo que se recuerda: el tono de una ley sin ley detrás.',
    'En «Aprender modales», la voz profesional contesta «No lo sé.» a la capital de Francia. Puede parecer prudencia; conviene preguntar si lo es, o si es una frase frecuente en sus textos.',
    'Límite que hay que decir en voz alta: Gorrión es mil veces menor que los modelos de uso diario. Lo que se ve aquí (mover probabilidades, aprender formato antes que hechos) ocurre también en ellos; la torpeza, no tanto.',
    'Si un equipo no puede ejecutar los modelos, se puede seguir en pareja: las respuestas son iguales en todos los equipos que calculan en CPU con la misma variante.',
  ],
};

export const classEs: ClassPack = {
  format: CLASS_FORMAT,
  version: CLASS_VERSION,
  id: 'patio-dos-clases',
  title: 'Las dos clases de la casa',
  summary: 'Vienen con Patio y funcionan con los modelos que trae.',
  language: 'es',
  author: null,
  exercises: [nextWord, fineTuning],
  models: [{ kind: 'bundled', id: 'gorrion' }],
  runs: [],
  golden: GOLDEN,
};
