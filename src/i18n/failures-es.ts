import type { FailureTexts } from './failures.ts';
import { createFormat } from './format.ts';

const f = createFormat('es');
const RELOAD = 'Volver a generar; si se repite, recargar la página.';

export const failuresEs: FailureTexts = {
  'checkpoint-unsupported': ({ what, detail }) => ({
    what: `Este modelo usa algo que Patio todavía no ejecuta: ${what} (${detail}).`,
    todo: 'Elegir un modelo de otra arquitectura.',
  }),
  'checkpoint-damaged': ({ file, detail }) => ({
    what: `El archivo ${file} del modelo está dañado (${detail}).`,
    todo: 'Conseguir otra copia del archivo y cargarla de nuevo.',
  }),
  'checkpoint-missing': ({ file }) => ({
    what: `Al modelo le falta el archivo ${file}.`,
    todo: 'Añadir ese archivo a la carpeta y cargarla de nuevo.',
  }),
  'adapter-unsupported': ({ detail }) => ({
    what: `Este adaptador no encaja en su modelo base (${detail}).`,
    todo: 'Elegir otra voz para la columna.',
  }),
  'model-unknown': ({ model }) => ({
    what: `Este Patio no tiene el modelo «${model}».`,
    todo: 'Elegir otra voz para la columna.',
  }),
  'model-too-large': ({ needBytes, haveBytes }) => ({
    what: `El modelo necesita ${f.bytes(needBytes)} y este equipo ofrece ${f.bytes(haveBytes)}.`,
    todo: 'Elegir un modelo más pequeño o cambiar de dispositivo en los ajustes.',
  }),
  'build-missing': ({ backend }) => ({
    what: `Este modelo no tiene una versión para ${backend === 'gpu' ? 'GPU' : 'CPU'}.`,
    todo: 'Elegir «Automático» en los ajustes, u otro modelo en la columna.',
  }),
  'gpu-unavailable': () => ({
    what: 'Este navegador no ofrece una GPU que sirva para el modelo.',
    todo: 'Elegir CPU o Automático en los ajustes.',
  }),
  'gpu-lost': () => ({
    what: 'El navegador perdió la GPU a mitad del trabajo.',
    todo: 'Volver a generar, o elegir CPU en los ajustes si se repite.',
  }),
  'file-unreachable': ({ file, status }) => ({
    what:
      status === null
        ? `No hubo respuesta al pedir el archivo ${file}.`
        : `El servidor respondió ${status} al pedir el archivo ${file}.`,
    todo: 'Comprobar la conexión y volver a generar.',
  }),
  'file-damaged': ({ file, detail }) => ({
    what: `El archivo ${file} llegó dañado (${detail}).`,
    todo: 'Volver a generar lo descarga otra vez; si se repite, recargar la página.',
  }),
  'prompt-empty': () => ({
    what: 'No hay nada escrito en este prompt.',
    todo: 'Escribir unas palabras y generar de nuevo.',
  }),
  'variables-missing': ({ names }) => ({
    what: `Falta el valor de ${f.list(names.map((name) => `«${name}»`))}.`,
    todo: 'Completar la tabla que está debajo del prompt.',
  }),
  'context-exceeded': ({ promptTokens, contextTokens }) => ({
    what: `El prompt ocupa ${f.number(promptTokens)} tokens y el modelo alcanza a leer ${f.number(contextTokens)}.`,
    todo: 'Acortar el prompt.',
  }),
  'template-failed': ({ detail }) => ({
    what: `La plantilla de charla del modelo no pudo aplicarse (${detail}).`,
    todo: 'Probar la misma pregunta con otra voz.',
  }),
  'out-of-memory': () => ({
    what: 'No alcanzó la memoria del navegador.',
    todo: 'Cerrar otras pestañas, pedir menos tokens o elegir un modelo más pequeño.',
  }),
  'runtime-failed': ({ detail }) => ({
    what: `El motor de cálculo se detuvo con un error (${detail}).`,
    todo: RELOAD,
  }),
  'worker-crashed': ({ detail }) => ({
    what: `El proceso que ejecutaba el modelo se cerró de pronto (${detail}).`,
    todo: 'Volver a generar: la próxima vez empieza un proceso nuevo.',
  }),
  'worker-unresponsive': ({ afterMs }) => ({
    what: `El modelo no respondió a la orden de parar y se cerró después de ${f.duration(afterMs)}.`,
    todo: 'Volver a generar: la próxima vez empieza un proceso nuevo.',
  }),
  'storage-full': () => ({
    what: 'No queda espacio en el navegador para guardar la prueba.',
    todo: 'Exportar lo que importe y borrar pruebas antiguas del historial.',
  }),
  'storage-unavailable': ({ detail }) => ({
    what: `El navegador no deja guardar nada en este equipo (${detail}).`,
    todo: 'Salir del modo privado, o exportar cada prueba antes de cerrar.',
  }),
  'record-damaged': ({ detail }) => ({
    what: `El archivo está incompleto o dañado (${detail}).`,
    todo: 'Exportar la prueba otra vez desde el equipo donde se hizo.',
  }),
  'record-foreign': () => ({
    what: 'Este archivo no es una prueba de Patio.',
    todo: 'Elegir un archivo JSON exportado desde el historial.',
  }),
  'record-newer': ({ version }) => ({
    what: `El archivo viene de un Patio más nuevo (formato ${version}).`,
    todo: 'Recargar la página para actualizar Patio y volver a importarlo.',
  }),
  unexpected: ({ detail }) => ({ what: `Algo inesperado falló (${detail}).`, todo: RELOAD }),
};
