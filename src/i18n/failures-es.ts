import type { FieldId } from '../domain/task.ts';
import type { FailureTexts } from './failures.ts';
import { createFormat } from './format.ts';

const f = createFormat('es');
const RELOAD = 'Volver a generar; si se repite, recargar la página.';

const MISSING_FIELDS: Record<FieldId, string> = {
  system: 'el papel de la voz',
  prefix: 'la instrucción',
  labels: 'la lista de etiquetas',
  several: 'decir si puede haber varias etiquetas',
  hypothesis: 'la frase que une texto y etiqueta',
  entailment: 'la clase que afirma',
  aggregation: 'cómo se unen las piezas',
  context: 'el texto donde buscar la respuesta',
  sentences: 'la lista de frases',
};

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
  'checkpoint-executes': ({ file, global }) => ({
    what: `El archivo ${file} pide ejecutar código (${global}). Patio nunca ejecuta lo que trae un archivo.`,
    todo: 'Convertir los pesos a safetensors con save_pretrained y cargar la carpeta de nuevo.',
  }),
  'checkpoint-quantised': ({ method }) => ({
    what: `Los pesos de este modelo están cuantizados con ${method}, que Patio no lee.`,
    todo: 'Cargar el modelo original sin cuantizar: Patio lo reduce por su cuenta.',
  }),
  'adapter-needs-merge': ({ tensors }) => ({
    what: `Este adaptador sustituye pesos enteros del modelo base (${f.list(tensors)}) y no puede encenderse y apagarse.`,
    todo: 'Fusionarlo con su modelo base: así se carga como un modelo más.',
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
  'weight-too-large': ({ needBytes, haveBytes }) => ({
    what: `Un solo peso del modelo ocupa ${f.bytes(needBytes)} y la GPU toma de una vez ${f.bytes(haveBytes)} como mucho.`,
    todo: 'Elegir CPU o Automático en los ajustes.',
  }),
  'build-missing': ({ backend }) => ({
    what: `Este modelo no tiene una versión para ${backend === 'gpu' ? 'GPU' : 'CPU'}.`,
    todo: 'Elegir «Automático» en los ajustes, u otro modelo en la columna.',
  }),
  'gpu-unavailable': () => ({
    what: 'Este navegador no ofrece una GPU que sirva para el modelo.',
    todo: 'Elegir CPU o Automático en los ajustes.',
  }),
  'gpu-lost': ({ again }) =>
    again === true
      ? {
          what: 'El navegador perdió la GPU dos veces seguidas: también después de volver a cargar el modelo.',
          todo: 'Elegir CPU en los ajustes y volver a generar, o cerrar antes otras páginas y programas que usen la GPU.',
        }
      : {
          what: 'El navegador perdió la GPU a mitad del trabajo.',
          todo: 'Volver a generar, o elegir CPU en los ajustes si se repite.',
        },
  'gpu-wrong': () => ({
    what: 'La GPU de este equipo calcula otros números que la CPU con los mismos pesos.',
    todo: 'Desde ahora «Automático» usa la CPU. En los ajustes se puede elegir la GPU a pesar de ello.',
  }),
  'gpu-restarted': () => ({
    what: 'El navegador perdió la GPU a mitad del trabajo. Se ha vuelto a cargar el modelo y lo que faltaba se genera de nuevo con las mismas semillas.',
    todo: 'Elegir CPU en los ajustes si se repite.',
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
  'task-unsupported': () => ({
    what: 'Esta voz no hace esta tarea.',
    todo: 'Elegir otra voz para la columna, o añadir un modelo que la haga en Modelos.',
  }),
  'field-empty': ({ field }) => ({
    what: `Falta ${MISSING_FIELDS[field]}.`,
    todo: 'Completarlo debajo del texto y repetir.',
  }),
  'mask-missing': () => ({
    what: 'El texto no tiene ninguna palabra oculta.',
    todo: 'Escribir ___ en el lugar de la palabra que hay que adivinar.',
  }),
  'entailment-unclear': ({ labels }) => ({
    what: `Las clases de este modelo (${f.list(labels)}) no dicen cuál significa que la frase se deduce del texto.`,
    todo: 'Si la tarjeta del modelo lo dice, elegirla en «Clase que afirma»; si no, usar un modelo de inferencia (NLI).',
  }),
  'variables-missing': ({ names }) => ({
    what: `Falta el valor de ${f.list(names.map((name) => `«${name}»`))}.`,
    todo: 'Completar la tabla que está debajo del prompt.',
  }),
  'context-exceeded': ({ promptTokens, contextTokens, modelTokens }) => {
    const prompt = `El prompt ocupa ${f.number(promptTokens)} tokens`;
    const reads = `el modelo alcanza a leer ${f.number(modelTokens ?? contextTokens)}`;
    if (modelTokens === undefined)
      return { what: `${prompt} y ${reads}.`, todo: 'Acortar el prompt.' };
    return {
      what: `${prompt}; ${reads}, pero en la GPU de este equipo solo caben ${f.number(contextTokens)}.`,
      todo:
        promptTokens < modelTokens
          ? 'Acortar el prompt, o elegir CPU en los ajustes.'
          : 'Acortar el prompt.',
    };
  },
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
  'model-storage-full': ({ needBytes, freeBytes }) => ({
    what:
      needBytes === null || freeBytes === null
        ? 'No queda espacio en el navegador para guardar el modelo.'
        : `El modelo ocupa ${f.bytes(needBytes)} y el navegador solo puede guardar ${f.bytes(freeBytes)} más.`,
    todo: 'Borrar modelos que ya no se usen, liberar espacio en el disco o elegir uno más pequeño.',
  }),
  'package-busy': ({ name }) => ({
    what: `Otra pestaña está preparando ${name}.`,
    todo: 'Esperar a que termine, o cancelar allí y volver a intentarlo.',
  }),
  'source-unclear': ({ text }) => ({
    what: `«${text}» no es el nombre de un repositorio ni su dirección.`,
    todo: 'Escribir autor/modelo, o pegar la dirección completa de su página.',
  }),
  'source-without-model': ({ name }) => ({
    what: `En ${name} no hay ningún modelo: falta config.json, o adapter_config.json si es un adaptador.`,
    todo: 'Elegir la carpeta que escribió save_pretrained() o trainer.save_model().',
  }),
  'source-ambiguous': ({ folders }) => ({
    what: `Hay varios modelos: ${f.list(folders)}.`,
    todo: 'Elegir solo la carpeta de uno de ellos.',
  }),
  'source-changed': ({ file }) => ({
    what: `El archivo ${file} ya no puede leerse: se movió, cambió o se desconectó su disco.`,
    todo: 'Elegir la carpeta o el archivo de nuevo.',
  }),
  'zip-refused': ({ file, detail }) => ({
    what: `El zip ${file} no puede abrirse con seguridad (${detail}).`,
    todo: 'Descomprimirlo y elegir la carpeta, o crear el zip de nuevo.',
  }),
  'hub-missing': ({ host, repo, token }) => ({
    what: `En ${host} no hay un repositorio público llamado ${repo}.`,
    todo: token
      ? 'Revisar el nombre; si es privado, usar un token que tenga acceso a él.'
      : 'Revisar el nombre; si es privado, añadir un token de acceso.',
  }),
  'hub-revision-missing': ({ repo, revision }) => ({
    what: `El repositorio ${repo} no tiene la revisión ${revision}.`,
    todo: 'Quitar la revisión para usar la principal, o copiarla de la página del modelo.',
  }),
  'hub-private': ({ repo, token }) => ({
    what: `El repositorio ${repo} es privado.`,
    todo: token
      ? 'Usar un token con permiso de lectura sobre él.'
      : 'Añadir un token de acceso con permiso de lectura; solo se guarda mientras la página esté abierta.',
  }),
  'hub-gated': ({ repo, page, token }) => ({
    what: `Para usar ${repo} hay que aceptar antes sus condiciones.`,
    todo: token
      ? `Aceptarlas en ${page} con la cuenta del token y volver a intentarlo.`
      : `Aceptarlas en ${page} y añadir un token de acceso de esa cuenta.`,
  }),
  'hub-busy': ({ host, status }) => ({
    what:
      status === 429
        ? `${host} pide ir más despacio (respuesta 429).`
        : `${host} no puede atender ahora (respuesta ${status}).`,
    todo: 'Esperar unos minutos y volver a intentarlo.',
  }),
  'hub-unreachable': ({ host }) => ({
    what: `No hubo respuesta de ${host}.`,
    todo: 'Comprobar la conexión y la dirección, y volver a intentarlo.',
  }),
  'hub-foreign': ({ host, detail }) => ({
    what: `${host} no responde como un repositorio de modelos (${detail}).`,
    todo: 'Comprobar la dirección: debe ser la de Hugging Face o la de un servidor con sus mismas rutas.',
  }),
  'hub-without-ranges': ({ host, file }) => ({
    what: `${host} no deja leer ${file} por partes y habría que descargarlo entero muchas veces.`,
    todo: 'Descargar el modelo a una carpeta y elegir esa carpeta.',
  }),
  'download-damaged': ({ host, file }) => ({
    what: `Lo que ${host} envió como ${file} no es lo prometido: su SHA-256 no coincide, tampoco al repetirlo. No se ha guardado.`,
    todo: 'Intentarlo más tarde o desde otra dirección. Si se repite, avisar a quien publica el modelo.',
  }),
  'download-changing': ({ host, file }) => ({
    what: `El archivo ${file} cambia en ${host} mientras se descarga. No se ha guardado.`,
    todo: 'Intentarlo más tarde o desde otra dirección.',
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
  'class-damaged': ({ detail }) => ({
    what: `La clase está incompleta o dañada (${detail}).`,
    todo: 'Pedir el archivo otra vez a quien la preparó, o volver a copiarlo.',
  }),
  'class-foreign': () => ({
    what: 'Este archivo no contiene una clase de Patio.',
    todo: 'Elegir el zip que da «Exportar clase».',
  }),
  'class-file-wrong': ({ file }) => ({
    what: `El archivo ${file} de la clase no es el que se anunciaba: llegó dañado o alguien lo cambió.`,
    todo: 'Volver a copiar la clase; no se ha guardado nada de ese modelo.',
  }),
  'handin-damaged': ({ detail }) => ({
    what: `La entrega está incompleta o dañada (${detail}).`,
    todo: 'Pedir que se exporte otra vez con «Entregar».',
  }),
  'handin-foreign': () => ({
    what: 'Este archivo no es una entrega de Patio.',
    todo: 'Elegir los archivos que da el botón «Entregar».',
  }),
  unexpected: ({ detail }) => ({ what: `Algo inesperado falló (${detail}).`, todo: RELOAD }),
};
