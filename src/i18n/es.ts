import type { BackendChoice, Backend } from '../domain/device.ts';
import type { VariantId } from '../domain/model.ts';
import type { Finish } from '../run/cell.ts';
import { failuresEs } from './failures-es.ts';
import { findingsEs } from './findings-es.ts';
import { modelsEs } from './models-es.ts';
import { storageEs } from './storage-es.ts';
import { createFormat } from './format.ts';
import { paramsEs } from './params-es.ts';
import { fieldsEs, tasksEs } from './tasks-es.ts';

/** Spanish is the source of truth: neutral and impersonal. Other languages have the type of this table. */
const f = createFormat('es');

function count(n: number, one: string, many: string): string {
  return `${f.number(n)} ${n === 1 ? one : many}`;
}

const backends: Record<BackendChoice, string> = { auto: 'Automático', cpu: 'CPU', gpu: 'GPU' };
const backendNames: Record<Backend, string> = { cpu: 'CPU', gpu: 'GPU' };
const variants: Record<VariantId, string> = {
  cpu8: '8 bits',
  gpu4: '4 bits',
  fp32: '32 bits',
};
const finishes: Record<Finish, string> = {
  end: 'el modelo dio el texto por terminado',
  stop: 'apareció un texto de parada',
  length: 'alcanzó la longitud máxima',
  context: 'llenó todo lo que el modelo alcanza a leer aquí',
};

export const es = {
  format: f,
  failures: failuresEs,
  findings: findingsEs,
  models: modelsEs,
  storage: storageEs,
  backends,
  backendNames,
  variants,
  finishes,

  app: {
    name: 'Patio',
    title: (screen: string) => `${screen} · Patio`,
    skip: 'Saltar al contenido',
    home: 'Patio, ir a Comparar',
    promise: 'Todo ocurre en este equipo: nada de lo que se escribe sale de él.',
    close: 'Cerrar',
  },
  nav: {
    label: 'Secciones',
    compare: 'Comparar',
    models: 'Modelos',
    storage: 'Almacén',
    class: 'Clase',
    history: 'Historial',
  },
  settings: {
    language: 'Idioma',
    languages: { es: 'Español', en: 'English' },
    theme: 'Tema',
    themes: { system: 'Como el sistema', light: 'De día', dark: 'De noche' },
    keys: 'Atajos del teclado',
  },
  device: {
    label: 'Equipo',
    probing: 'Mirando el equipo…',
    cpu: (threads: number) => `CPU · ${count(threads, 'hilo', 'hilos')}`,
    gpu: 'GPU',
    title: 'Qué usa este equipo',
    oneThread: 'Patio calcula con un solo hilo.',
    threads: (threads: number) =>
      `Patio calcula con ${count(threads, 'hilo', 'hilos')}, la mitad de los núcleos: los demás quedan para la página.`,
    tuned: (threads: number, gain: number) =>
      gain > 1
        ? `${count(threads, 'hilo', 'hilos')}: ${f.number(gain, 1)} × más rápido aquí que 1.`
        : 'Un hilo: aquí más hilos no van más deprisa.',
    gpuWrong:
      'La GPU calcula otros números que la CPU con los mismos pesos, así que no se usa salvo que se pida.',
    cpuFaster: (gain: number, bytes: number) =>
      `8 bits en CPU: ${f.number(gain, 1)} × más rápido aquí que 4 bits en GPU; se usa para modelos de hasta ${f.bytes(bytes)}.`,
    gpuFaster: (gain: number) =>
      `4 bits en GPU: ${f.number(gain, 1)} × más rápido aquí que 8 bits en CPU.`,
    gpuFound: (description: string) => `GPU disponible: ${description}.`,
    gpuSoftware: (description: string) =>
      `Hay una GPU simulada (${description}), que no acelera; se usa la CPU.`,
    change: 'El dispositivo se cambia en los ajustes de la prueba.',
  },

  tasks: tasksEs,
  fields: fieldsEs,
  task: {
    label: 'Tarea',
    choose: (name: string) => `Tarea: ${name}. Cambiarla`,
    more: 'Más opciones',
    noVoices: 'Ninguna voz de este Patio hace esta tarea todavía.',
    noVoicesTodo:
      'Se puede añadir un modelo que la haga: de una carpeta, de un zip o de Hugging Face.',
    goModels: 'Ir a Modelos',
    follow: 'Seguir la conversación',
  },
  outputs: {
    threshold: (share: number) => `Umbral: ${f.percent(share)}`,
    passes: 'llega al umbral',
    below: 'no llega al umbral',
    nothingPasses: 'Ninguna etiqueta llega al umbral.',
    measure: 'Medida',
    percent: (share: number) => f.share(share),
    unread: (tokens: number) =>
      `El texto es más largo de lo que el modelo alcanza a leer: quedaron sin leer ${count(tokens, 'token', 'tokens')} del final.`,
    showAll: (n: number) => `Ver las ${f.number(n)}`,
    showFew: 'Ver menos',
    blank: (n: number, total: number) => (total === 1 ? 'Hueco' : `Hueco ${n}`),
    fillWith: (word: string) => `Completar con «${word}»`,
    noEntities: 'No marcó nada en este texto.',
    entities: 'Lo que marcó',
    marked: 'Texto marcado',
    answers: 'Respuestas',
    noAnswer: 'No encontró ninguna respuesta.',
    context: 'Texto de la respuesta',
    show: (text: string) => `Ver dónde está «${text}»`,
    likeness: (score: number) => f.number(score, 2),
    likenessHint: 'De −1 a 1: cuanto más cerca de 1, más se parecen.',
    you: 'Mensaje',
    voice: 'Respuesta',
  },

  composer: {
    region: 'Qué se pide',
    label: (name: string, n: number, total: number) => (total === 1 ? name : `${name} ${n}`),
    add: 'Otro prompt',
    remove: (n: number) => `Quitar el prompt ${n}`,
    stop: 'Detener',
    variablesHint: 'Con {{nombre}} aparece una tabla de variables.',
    cells: (columns: number, rows: number) =>
      `${count(columns, 'voz', 'voces')} × ${count(rows, 'texto', 'textos')}`,
    tooLong: (limit: number) =>
      `El prompt llegó a ${f.number(limit)} caracteres, que es el máximo.`,
  },
  examples: {
    again: 'Otros comienzos',
    others: 'Otros ejemplos',
    with: (voices: readonly string[]) => f.list(voices),
  },
  variables: {
    caption: (n: number) => `Variables del prompt ${n}`,
    row: (n: number) => `Fila ${n}`,
    cell: (name: string, row: number) => `${name}, fila ${row}`,
    add: 'Otra fila',
    remove: (row: number) => `Borrar la fila ${row}`,
    paste: 'Pegar tabla',
    pasteTitle: 'Pegar una tabla',
    pasteHint:
      'Desde una hoja de cálculo o un CSV. Si la primera fila lleva los nombres de las variables, cada columna va a la suya.',
    pasteLabel: 'Tabla',
    file: 'O elegir un archivo CSV',
    found: (rows: number, names: readonly string[]) =>
      `${count(rows, 'fila', 'filas')} para ${f.list(names)}.`,
    ignored: (columns: readonly string[]) => `Sin variable para: ${f.list(columns)}.`,
    dropped: (rows: number) => `Quedan fuera ${count(rows, 'fila', 'filas')}: no caben más.`,
    pasteApply: 'Usar esta tabla',
    pasteNothing: 'No hay ninguna fila con datos en lo pegado.',
  },
  params: {
    ...paramsEs,
    open: 'Ajustes',
    title: 'Ajustes',
    lead: 'Valen para todas las columnas que no los cambien.',
    columnTitle: (voice: string) => `Ajustes de ${voice}`,
    columnLead: 'Lo que se cambie aquí vale solo para esta columna.',
    reset: 'Volver a los valores iniciales',
    resetColumn: 'Quitar los cambios de la columna',
    resetShort: 'Valor inicial',
    resetOne: (label: string) => `Valor inicial: ${label}`,
    clear: 'Como las demás',
    clearOne: (label: string) => `Como las demás: ${label}`,
    changed: 'Solo en esta columna',
    slider: (label: string) => `${label}, deslizador`,
    greedy: 'sin azar',
    tokens: (n: number) => count(n, 'token', 'tokens'),
    newSeed: 'Otra semilla al azar',
    stop: 'Textos de parada',
    stopHint:
      'El texto acaba antes del primero que aparezca. Uno por línea; \\n vale por un salto de línea.',
    stopShort: (n: number) => count(n, 'parada', 'paradas'),
    backend: 'Dispositivo',
    backendHint: 'Automático usa la GPU si la hay de verdad; si no, la CPU.',
  },
  columns: {
    region: 'Respuestas',
    voice: (n: number) => `Voz de la columna ${n}`,
    add: 'Otra voz',
    menu: (voice: string) => `Opciones de ${voice}`,
    settings: 'Ajustes de esta columna',
    left: 'Mover a la izquierda',
    right: 'Mover a la derecha',
    duplicate: 'Duplicar',
    remove: 'Quitar la columna',
    clearOverride: (label: string) => `Quitar ${label} de esta columna`,
    tabs: 'Voces',
    unknown: 'Ya no está en el catálogo',
  },
  rows: {
    text: 'Texto',
    title: (n: number) => `Texto ${n}`,
  },
  cell: {
    label: (voice: string, row: number, rows: number) =>
      rows === 1 ? voice : `${voice}, texto ${row}`,
    waiting: 'Aún sin generar',
    unanswered: 'Aún sin respuesta',
    computing: 'Calculando…',
    took: (ms: number) => `Listo en ${f.duration(ms)}`,
    stale: 'De antes del último cambio',
    queued: 'En cola',
    loading: (voice: string, share: number | null) =>
      share === null ? `Cargando ${voice}…` : `Cargando ${voice}… ${f.percent(share)}`,
    running: 'Escribiendo…',
    reading: (share: number | null) =>
      share === null ? 'Leyendo el prompt…' : `Leyendo el prompt… ${f.percent(share)}`,
    done: 'Listo',
    failed: 'Falló',
    cancelled: 'Detenido',
    cancelledEmpty: 'Se detuvo antes de escribir.',
    empty: 'El modelo no escribió nada más.',
    person: 'Pregunta',
    stop: 'Detener',
    stopOf: (cell: string) => `Detener ${cell}`,
    rerun: 'Repetir',
    rerunOf: (cell: string) => `Repetir: ${cell}`,
    edit: 'Editar',
    editOf: (cell: string) => `Editar el prompt de ${cell}`,
    copy: 'Copiar',
    copyOf: (cell: string) => `Copiar el texto de ${cell}`,
    details: 'Detalles',
    wordsPerSecond: (rate: number) => `${f.number(rate, 1)}\u00a0palabras/s`,
    toFirstToken: (ms: number) => `${f.duration(ms)} hasta el primer token`,
    words: (n: number) => count(n, 'palabra', 'palabras'),
  },
  details: {
    firstToken: 'Primer token',
    words: 'Palabras',
    wordsPerSecond: 'Palabras/s',
    tokensPerSecond: 'Tokens/s',
    tokens: 'Tokens',
    tokensValue: (prompt: number, generated: number) =>
      `${f.number(prompt)} leídos, ${f.number(generated)} escritos`,
    reused: 'Reutilizados',
    reusedValue: (reused: number, prompt: number) =>
      `${f.number(reused)} de ${f.number(prompt)} tokens reutilizados`,
    together: 'A la vez',
    togetherValue: (rows: number) =>
      `${count(rows, 'respuesta', 'respuestas')} en la misma pasada; la velocidad es la de esta`,
    time: 'Tiempo',
    read: 'Tokens leídos',
    model: 'Modelo',
    variant: 'Pesos',
    device: 'Dispositivo',
    deviceValue: (backend: string, threads: number) =>
      `${backend}, ${count(threads, 'hilo', 'hilos')}`,
    memory: 'Memoria de WebAssembly',
    seed: 'Semilla',
    finish: 'Fin',
    none: 'sin dato',
  },
  run: {
    working: 'Generando…',
    progress: (done: number, total: number) => `${f.number(done)} de ${f.number(total)}`,
    doneOne: (words: number) => `Listo, ${count(words, 'palabra', 'palabras')}.`,
    doneMany: (cells: number, words: number) =>
      `Listo: ${count(cells, 'respuesta', 'respuestas')}, ${count(words, 'palabra', 'palabras')}.`,
    computing: 'Calculando…',
    doneAnswers: (n: number) => `Listo: ${count(n, 'respuesta', 'respuestas')}.`,
    stopped: 'Detenido.',
    failed: (n: number) => count(n, 'respuesta falló', 'respuestas fallaron'),
    export: 'Exportar',
    close: 'Limpiar',
    oneAfterAnother: 'Las voces escriben una tras otra, para que los tiempos sean justos.',
  },
  history: {
    title: 'Historial',
    lead: 'Las pruebas se guardan solas en este navegador.',
    empty: 'Todavía no hay pruebas guardadas.',
    emptyTodo: 'La primera que se genere aparecerá aquí.',
    goCompare: 'Ir a Comparar',
    loading: 'Abriendo el historial…',
    open: (title: string) => `Abrir «${title}»`,
    untitled: 'Sin título',
    meta: (rows: number, columns: number) =>
      `${count(rows, 'texto', 'textos')} × ${count(columns, 'voz', 'voces')}`,
    menu: (title: string) => `Opciones de «${title}»`,
    rename: 'Cambiar el nombre',
    renameLabel: 'Nombre de la prueba',
    save: 'Guardar',
    cancel: 'Cancelar',
    exportAs: (kind: string) => `Exportar ${kind}`,
    remove: 'Borrar',
    removeTitle: '¿Borrar esta prueba?',
    removeText: (title: string) =>
      `«${title}» se borrará de este navegador y no podrá recuperarse.`,
    removeConfirm: 'Borrar',
    import: 'Importar',
    importHint: 'O soltar aquí archivos JSON exportados desde Patio.',
    imported: (n: number) => count(n, 'prueba importada', 'pruebas importadas'),
    refused: (file: string) => `No se importó ${file}.`,
    drop: 'Soltar para importar',
  },
  notices: {
    label: 'Avisos',
    dismiss: 'Cerrar el aviso',
    messages: {
      copied: 'Texto copiado.',
      exported: 'El archivo está en las descargas.',
      imported: 'Prueba importada.',
      deleted: 'Prueba borrada.',
    },
  },
  keys: {
    title: 'Atajos del teclado',
    run: 'Generar',
    stop: 'Detener todo',
    prompt: 'Ir al prompt',
    answer: 'Ir a la última respuesta',
    settings: 'Abrir los ajustes',
    list: 'Ver esta lista',
    mod: (mac: boolean) => (mac ? '⌘' : 'Ctrl'),
    enter: 'Intro',
    escape: 'Esc',
    note: 'El signo ? abre esta lista cuando el cursor no está en un texto.',
  },
};

export type Messages = typeof es;
