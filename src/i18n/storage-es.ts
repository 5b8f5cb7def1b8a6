import type { BuildNote } from '../domain/build.ts';
import { createFormat } from './format.ts';

const f = createFormat('es');

const notes: Record<BuildNote, string> = {
  'whole-files':
    'El servidor solo envía archivos enteros: si la conexión se corta, cada archivo empieza de nuevo.',
  streamed:
    'No hay sitio para guardar también los originales: se leen sobre la marcha y quedará sin comprobar.',
  'other-tab': 'Lo está haciendo otra pestaña; aquí se ve cómo va.',
};

export const storageEs = {
  notes,
  title: 'Almacén',
  lead: 'Lo que Patio guarda en este navegador: qué ocupa, si está entero y cómo borrarlo.',
  open: 'Ver el almacén',
  back: 'Volver a Modelos',
  room: {
    title: 'Sitio',
    models: 'Modelos añadidos',
    halves: 'Descargas a medias',
    app: 'La propia aplicación',
    runs: 'Pruebas guardadas',
    free: 'Libre',
    unknown: 'el navegador no lo dice',
    runCount: (n: number) => (n === 1 ? '1 prueba' : `${f.number(n)} pruebas`),
    bytes: (bytes: number) => f.bytes(bytes),
  },
  keep: {
    yes: 'El navegador conservará lo guardado hasta que alguien lo borre.',
    no: 'Si al equipo le falta sitio, el navegador puede borrar lo guardado sin avisar.',
    unknown: 'El navegador no dice si conservará lo guardado.',
    ask: 'Pedir que lo conserve',
    refused:
      'El navegador no lo ha concedido. Suele hacerlo al instalar Patio o al usarlo a menudo.',
  },
  models: {
    title: 'Modelos añadidos',
    none: 'No hay modelos añadidos. Los que vienen con Patio no ocupan este sitio.',
    used: (moment: string) => `último uso: ${moment}`,
    verified: (moment: string) => `archivos comprobados: ${moment}`,
    unverified: 'archivos sin comprobar',
    damaged: (files: readonly string[]) =>
      files.length === 0
        ? 'dañado: faltan sus archivos'
        : `dañado: ${f.list(files)} no está como se guardó`,
    verify: 'Comprobar de nuevo',
    verifyOne: (name: string) => `Comprobar de nuevo ${name}`,
    verifyAll: 'Comprobar todo de nuevo',
    verifying: (name: string) => `Comprobando ${name}`,
    progress: (done: number, total: number) => `${f.bytes(done)} de ${f.bytes(total)}`,
    stop: 'Parar',
    fetch: 'Traer otra vez',
    fetchOne: (name: string) => `Traer otra vez ${name}`,
  },
  halves: {
    title: 'A medias',
    lead: 'Descargas que no terminaron. Lo que ya llegó se conserva.',
    had: (had: number, total: number) => `${f.bytes(had)} de ${f.bytes(total)}`,
    resume: 'Seguir',
    resumeOne: (name: string) => `Seguir con ${name}`,
    discard: 'Descartar',
    discardOne: (name: string) => `Descartar ${name}`,
  },
  all: {
    button: 'Borrar todo',
    title: 'Borrar todos los modelos añadidos',
    text: 'Se borrarán de este navegador todos los modelos añadidos y las descargas a medias. Las pruebas del historial y los modelos que vienen con Patio se conservan.',
    confirm: 'Borrar todo',
  },
};

export type StorageMessages = typeof storageEs;
