import type { TaskId, VariantId } from '../domain/model.ts';
import type { BuildPhase } from '../domain/build.ts';
import { createFormat } from './format.ts';

const f = createFormat('es');

const phases: Record<BuildPhase, string> = {
  wait: 'En espera',
  download: 'Descargando',
  verify: 'Comprobando lo descargado',
  read: 'Leyendo',
  quantise: 'Reduciendo los pesos',
  store: 'Guardando',
  check: 'Comprobando',
};

const checks: Record<string, string> = {
  finite: 'dio números que no lo son',
  repeat: 'respondió distinto dos veces a lo mismo',
  cache: 'respondió distinto con memoria y sin ella',
  batch: 'respondió distinto a solas y acompañado',
  gpu: 'la GPU y la CPU no coinciden',
};

const variants: Record<VariantId, string> = {
  cpu8: '8 bits, para la CPU',
  gpu4: '4 bits, para la GPU',
  fp32: '32 bits, exacto',
};

export const modelsEs = {
  title: 'Modelos',
  lead: 'Los que trae Patio y los que se añadan. Se guardan en este navegador y funcionan sin conexión.',
  bring: {
    title: 'Traer un modelo',
    text: 'Una carpeta tal como la deja save_pretrained(), un adaptador LoRA, un zip, o el nombre de un repositorio.',
    drop: 'Soltar aquí la carpeta, los archivos o un zip',
    dropNow: 'Soltar para mirarlo',
    folder: 'Elegir carpeta',
    files: 'Elegir archivos o zip',
    repo: 'Repositorio o dirección',
    repoPlaceholder: 'equipo/modelo',
    look: 'Mirar',
    more: 'Otro servidor o un modelo privado',
    endpoint: 'Dirección del servidor',
    endpointHint: 'El Hub de Hugging Face o una réplica con sus mismas rutas.',
    token: 'Token de lectura',
    tokenHint: 'Solo para modelos privados. Se olvida al cerrar la página.',
    nothing:
      'Antes de empezar se muestra qué es, cuánto ocupa y si cabe. No se descarga nada sin confirmarlo.',
  },
  arrival: {
    region: 'Modelo en camino',
    inspecting: (name: string) => `Mirando ${name}…`,
    refused: (name: string) => `${name} no se puede usar así`,
    dismiss: 'Cerrar',
    cancel: 'Cancelar',
    again: 'Intentar otra vez',
    start: (bytes: number) => `Preparar · ocupará ${f.bytes(bytes)}`,
    startPlain: 'Preparar',
    download: (bytes: number) => `Descargar ${f.bytes(bytes)} y preparar`,
    name: 'Nombre',
    base: 'Se usará sobre',
    baseChoose: 'Elegir el modelo base',
    baseMissing: (base: string) =>
      `Este adaptador necesita su modelo base, ${base}. Se puede traer también y unirlos en un modelo nuevo.`,
    baseOrigin: 'Repositorio del modelo base',
    mergeHow: 'Cómo usarlo',
    stays: 'Encima del modelo base: se enciende y se apaga',
    merged: 'Unido: un modelo nuevo',
    cannot: 'Tal como está no puede funcionar.',
    failed: 'No se pudo preparar',
    ready: (name: string) => `${name} está listo`,
    tryIt: 'Probarlo',
  },
  kinds: {
    checkpoint: 'Modelo de PyTorch',
    adapter: 'Adaptador LoRA',
    onnx: 'Modelo en ONNX',
    package: 'Modelo ya preparado para Patio',
  },
  facts: {
    kind: 'Qué es',
    task: 'Tarea',
    family: 'Arquitectura',
    parameters: 'Parámetros',
    dtype: 'Pesos originales',
    vocabulary: 'Vocabulario',
    context: 'Contexto',
    license: 'Licencia',
    base: 'Modelo base',
    labels: 'Etiquetas',
    languages: 'Lenguas',
    template: 'Plantilla de charla',
    tokenizer: 'Tokenizer',
    rank: 'Rango',
    targets: 'Capas que cambia',
    stored: 'Ocupará',
    memory: 'Memoria al cargarlo',
    yes: 'sí',
    no: 'no',
    unknown: 'no consta',
    tokens: (n: number) => `${f.number(n)} tokens`,
    about: (bytes: number) => `unos ${f.bytes(bytes)}`,
    licensed: (base: string, license: string | null) =>
      license === null ? base : `${base} (${license})`,
    tokenizers: {
      ready: 'listo',
      converted: 'se crea al preparar',
      unreadable: 'ilegible',
      missing: 'falta',
    },
    more: (n: number) => `y ${f.number(n)} más`,
  },
  tokens: (n: number) => `${f.number(n)} tokens`,
  variants,
  phases,
  progress: {
    bytes: (done: number, total: number) => `${f.bytes(done)} de ${f.bytes(total)}`,
    left: (seconds: number) => `quedan unos ${f.duration(seconds * 1000)}`,
    leftMinutes: (minutes: number) => `quedan unos ${f.number(minutes, 0)} min`,
  },
  severities: { stop: 'Impide usarlo', warn: 'Atención', note: 'Nota' },
  here: {
    title: 'En este navegador',
    used: (used: number, free: number | null) =>
      free === null
        ? `Los modelos añadidos ocupan ${f.bytes(used)}.`
        : `Los modelos añadidos ocupan ${f.bytes(used)}; quedan ${f.bytes(free)} libres.`,
    included: 'viene con Patio',
    over: (base: string) => `sobre ${base}`,
    passed: 'comprobado',
    unchecked: 'sin comprobar',
    failed: (failed: readonly string[]) =>
      `no pasó la comprobación: ${f.list(failed.map((name) => checks[name] ?? name))}`,
    remove: 'Borrar',
    removeOne: (name: string) => `Borrar ${name}`,
    removeTitle: 'Borrar el modelo',
    removeText: (name: string) =>
      `«${name}» se borrará de este navegador. Los textos que generó se conservan en el historial.`,
    keep: 'Cancelar',
    export: 'Exportar',
    exportOne: (name: string) => `Exportar ${name} como zip`,
    exporting: 'Exportando…',
    use: 'Probar',
    useOne: (name: string) => `Probar ${name}`,
  },
  shelf: {
    title: 'Para traer del Hub',
    text: 'Modelos reales, de menor a mayor. Al elegir uno se mira primero qué es y cuánto ocupa.',
    untried: 'sin probar',
    untriedHint: 'Aún no se ha visto funcionar aquí con sus propios archivos.',
    look: 'Mirar',
    lookOne: (name: string) => `Mirar ${name}`,
    source: (source: string) => `Fuente de los datos: ${source}`,
    about: (n: number) => `≈ ${f.parameters(n)}`,
  },
  tasks: {
    'text-generation': 'continuar textos',
    chat: 'conversar',
    'text2text-generation': 'reescribir o traducir',
    'fill-mask': 'palabra oculta',
    'text-classification': 'clasificar',
    'zero-shot-classification': 'etiquetas libres',
    'token-classification': 'entidades',
    'question-answering': 'preguntas sobre un texto',
    'sentence-similarity': 'parecido',
  } satisfies Record<TaskId, string>,
};

export type ModelsMessages = typeof modelsEs;
