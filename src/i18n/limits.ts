import type { Cause, Limit } from '../domain/limits.ts';
import { createFormat, type Format, type Locale } from './format.ts';

export interface LimitText {
  /** What is missing, and what it comes from. */
  readonly what: string;
  /** The way out, or what goes on without it. */
  readonly todo: string;
}

type Writers = {
  readonly [C in Cause]: (limit: Extract<Limit, { cause: C }>, f: Format) => LimitText;
};

interface LimitWords {
  readonly title: string;
  readonly writers: Writers;
}

/** Words of what a machine lacks, fetched when somebody looks: they are not needed for the first answer. */
const es: LimitWords = {
  title: 'Qué falta aquí y cómo tenerlo',
  writers: {
    insecure: ({ origin }) => ({
      what: `El navegador no considera segura la dirección ${origin}, y a las que no lo son no les da GPU, ni hilos, ni sitio propio para los archivos, ni guarda la aplicación.`,
      todo: 'Abrir la dirección https de la sala o, en el equipo que la sirve, http://localhost.',
    }),
    'no-simd': () => ({
      what: 'WebAssembly no tiene aquí instrucciones vectoriales (SIMD), y los modelos se calculan con ellas.',
      todo: 'Actualizar el navegador: las traen Chrome y Edge desde la versión 91, Firefox desde la 89 y Safari desde la 16.4.',
    }),
    'no-headers': () => ({
      what: 'La página se sirve sin aislamiento (faltan las cabeceras COOP y COEP), así que el navegador permite un solo hilo.',
      todo: 'Todo funciona, más despacio. La aplicación las pone ella misma cuando está guardada y se recarga; si no, puede añadirlas quien la publica.',
    }),
    'no-shared-memory': () => ({
      what: 'El navegador no comparte memoria entre hilos (no tiene SharedArrayBuffer), así que calcula con uno.',
      todo: 'Todo funciona, más despacio. Chrome, Edge o Firefox usan varios.',
    }),
    'no-webgpu': () => ({
      what: 'El navegador no ofrece WebGPU, así que se usa la CPU.',
      todo: 'Los modelos pequeños no la necesitan. La traen Chrome y Edge desde la versión 113, Safari desde la 26, y Firefox desde la 141 en Windows y la 145 en macOS.',
    }),
    'no-adapter': () => ({
      what: 'El navegador ofrece WebGPU, pero no encuentra una GPU que pueda usar, así que se usa la CPU.',
      todo: 'Si el equipo tiene una: activar la aceleración por hardware en los ajustes del navegador o actualizar el controlador.',
    }),
    'no-storage': () => ({
      what: 'El navegador no guarda nada de esta página, como hace en algunas ventanas privadas o con las cookies bloqueadas.',
      todo: 'Se puede generar y comparar, y todo se pierde al cerrar: conviene exportar antes, o abrir una ventana normal que permita guardar datos.',
    }),
    'files-refused': () => ({
      what: 'El navegador niega aquí su sistema de archivos, como en una ventana privada: los modelos van a una base de datos que se borra al cerrarla.',
      todo: 'Para conservarlos y abrir Patio sin conexión, usar una ventana normal.',
    }),
    'no-files': () => ({
      what: 'El navegador no tiene sistema de archivos para las páginas (OPFS), así que los modelos se guardan en su base de datos (IndexedDB).',
      todo: 'Todo funciona. Para modelos de cientos de megabytes convienen Chrome o Edge desde la versión 102, Firefox desde la 111 o Safari desde la 15.2.',
    }),
    'no-service-worker': () => ({
      what: 'El navegador no da aquí un service worker, que es lo que guarda la aplicación: para abrirla hace falta conexión.',
      todo: 'Pasa en ventanas privadas y con los datos de sitios bloqueados: en una ventana normal se guarda.',
    }),
    'small-quota': ({ quotaBytes }, f) => ({
      what: `El navegador deja guardar aquí ${f.bytes(quotaBytes)} en total.`,
      todo: 'Pasa en ventanas privadas y con el disco casi lleno: abrir una ventana normal o liberar espacio.',
    }),
    'low-memory': ({ memoryBytes, modelBytes }, f) => ({
      what: `El equipo tiene unos ${f.bytes(memoryBytes)} de memoria: caben modelos de hasta ${f.bytes(modelBytes)}.`,
      todo: 'Los que no caben se dicen antes de cargarlos. Cerrar otras pestañas y programas deja más sitio.',
    }),
  },
};

const en: LimitWords = {
  title: 'What is missing here, and how to have it',
  writers: {
    insecure: ({ origin }) => ({
      what: `The browser does not count the address ${origin} as safe, and to those that are not it gives no GPU, no threads and no files of their own, nor does it keep the app.`,
      todo: 'Open the https address of the room or, on the machine that serves it, http://localhost.',
    }),
    'no-simd': () => ({
      what: 'WebAssembly has no vector instructions (SIMD) here, and models are computed with them.',
      todo: 'Update the browser: Chrome and Edge have them since version 91, Firefox since 89 and Safari since 16.4.',
    }),
    'no-headers': () => ({
      what: 'The page is served without isolation (the COOP and COEP headers are missing), so the browser allows a single thread.',
      todo: 'Everything works, only slower. The app adds them itself once it is kept and reloaded; otherwise whoever publishes it can.',
    }),
    'no-shared-memory': () => ({
      what: 'The browser does not share memory between threads (it has no SharedArrayBuffer), so it computes on one.',
      todo: 'Everything works, only slower. Chrome, Edge or Firefox use several.',
    }),
    'no-webgpu': () => ({
      what: 'The browser offers no WebGPU, so the CPU is used.',
      todo: 'Small models do not need it. Chrome and Edge have it since version 113, Safari since 26, and Firefox since 141 on Windows and 145 on macOS.',
    }),
    'no-adapter': () => ({
      what: 'The browser offers WebGPU but finds no GPU that it can use, so the CPU is used.',
      todo: 'If the machine has one: turn hardware acceleration on in the settings of the browser, or update the driver.',
    }),
    'no-storage': () => ({
      what: 'The browser keeps nothing of this page, as it does in some private windows or with cookies blocked.',
      todo: 'Running and comparing work, and closing loses everything: export first, or open a normal window that may keep data.',
    }),
    'files-refused': () => ({
      what: 'The browser refuses its file system here, as in a private window: models go to a database that is erased when it closes.',
      todo: 'To keep them, and to open Patio offline, use a normal window.',
    }),
    'no-files': () => ({
      what: 'The browser has no file system for pages (OPFS), so models are kept in its database (IndexedDB).',
      todo: 'Everything works. For models of hundreds of megabytes, Chrome or Edge since version 102, Firefox since 111 or Safari since 15.2 are better.',
    }),
    'no-service-worker': () => ({
      what: 'The browser gives no service worker here, which is what keeps the app: opening it takes a connection.',
      todo: 'It is so in private windows and where data of sites is blocked: a normal window keeps it.',
    }),
    'small-quota': ({ quotaBytes }, f) => ({
      what: `The browser lets this page keep ${f.bytes(quotaBytes)} in all.`,
      todo: 'It is so in private windows and on disks that are almost full: open a normal window or free some space.',
    }),
    'low-memory': ({ memoryBytes, modelBytes }, f) => ({
      what: `The machine has about ${f.bytes(memoryBytes)} of memory: models of up to ${f.bytes(modelBytes)} fit.`,
      todo: 'Those that do not are told before they are loaded. Closing other tabs and programs makes room.',
    }),
  },
};

const words: Readonly<Record<Locale, LimitWords>> = { es, en };

export function limitsTitle(locale: Locale): string {
  return words[locale].title;
}

export function limitText<C extends Cause>(
  limit: Extract<Limit, { cause: C }>,
  locale: Locale,
): LimitText {
  const write: Writers[C] = words[locale].writers[limit.cause as C];
  return write(limit, createFormat(locale));
}
