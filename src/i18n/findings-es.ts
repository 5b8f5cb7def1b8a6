import { failuresEs } from './failures-es.ts';
import { failureText } from './failures.ts';
import type { FindingTexts } from './findings.ts';
import { createFormat } from './format.ts';

const f = createFormat('es');
const NOTHING = 'No hace falta hacer nada.';

export const findingsEs: FindingTexts = {
  refused: ({ failure }) => failureText(failuresEs, failure),
  'weights-missing': () => ({
    what: 'Hay configuración, pero no los pesos del modelo.',
    todo: 'Añadir model.safetensors o pytorch_model.bin, con todas sus partes.',
  }),
  'weights-foreign': ({ files }) => ({
    what: `Los pesos están solo en el formato de otra biblioteca: ${f.list(files)}.`,
    todo: 'Guardarlos con save_pretrained() desde PyTorch; transformers lee los de TensorFlow con from_tf=True y los de Flax con from_flax=True.',
  }),
  pickle: () => ({
    what: 'Los pesos vienen en un archivo pickle, que podría contener código.',
    todo: 'No hace falta hacer nada: Patio lo lee solo como datos y no ejecuta nada de él.',
  }),
  leftovers: ({ bytes }) => ({
    what: `Hay ${f.bytes(bytes)} de archivos del entrenamiento que no se leen.`,
    todo: NOTHING,
  }),
  'tokenizer-missing': () => ({
    what: 'Falta el tokenizer, y sin él no hay cómo convertir texto en números.',
    todo: 'Añadir tokenizer.json: lo escribe tokenizer.save_pretrained() en la misma carpeta.',
  }),
  'tokenizer-unreadable': ({ detail }) => ({
    what: `El tokenizer está en una forma que Patio no lee: ${detail}.`,
    todo: 'Cargarlo con AutoTokenizer y volver a guardarlo: así se crea tokenizer.json.',
  }),
  'tokenizer-converted': ({ files }) => ({
    what: `No hay tokenizer.json: se crea a partir de ${f.list(files)}.`,
    todo: NOTHING,
  }),
  'tokenizer-foreign': ({ severity, tokens, rows }) => ({
    what: `El tokenizer conoce ${f.number(tokens)} tokens y el modelo tiene ${f.number(rows)}.`,
    todo:
      severity === 'stop'
        ? 'Poner en la carpeta el tokenizer con el que se entrenó el modelo.'
        : 'Comprobar que es el tokenizer con el que se entrenó el modelo.',
  }),
  'chat-template-missing': () => ({
    what: 'No trae plantilla de charla: continuará el texto en lugar de responder preguntas.',
    todo: 'Si se entrenó para conversar, añadir chat_template.jinja a la carpeta.',
  }),
  'license-missing': () => ({
    what: 'No dice con qué licencia se publica.',
    todo: 'Preguntar a sus autores antes de compartir lo que genere.',
  }),
  'license-noncommercial': ({ license }) => ({
    what: `Su licencia (${license}) limita los usos comerciales.`,
    todo: 'Leerla antes de usar el modelo fuera del estudio o la investigación.',
  }),
  'license-base': ({ base, license }) => ({
    what:
      license === null
        ? `Se entrenó a partir de ${base}, y la licencia de ese modelo también cuenta.`
        : `Se entrenó a partir de ${base}, que se publica con licencia ${license}.`,
    todo: 'Leer las dos licencias antes de compartirlo.',
  }),
  'base-needed': ({ base }) => ({
    what: `Es un adaptador: funciona sobre su modelo base, ${base}.`,
    todo: 'Añadir antes ese modelo, o elegir la carpeta donde está.',
  }),
  'too-large': ({ needBytes, haveBytes }) => ({
    what: `El modelo ocupa ${f.bytes(needBytes)} y este equipo puede ejecutar hasta ${f.bytes(haveBytes)}.`,
    todo: 'Elegir un modelo más pequeño, o probar en un equipo con una GPU mayor.',
  }),
  'gpu-only': ({ needBytes, haveBytes }) => ({
    what: `Solo funcionará en la GPU: para la CPU ocupa ${f.bytes(needBytes)} y caben ${f.bytes(haveBytes)}.`,
    todo: 'Dejar el dispositivo en «Automático» o «GPU» en los ajustes.',
  }),
  'storage-short': ({ needBytes, freeBytes }) => ({
    what: `Necesita ${f.bytes(needBytes)} en el navegador y quedan ${f.bytes(freeBytes)}.`,
    todo: 'Borrar modelos que ya no se usen o liberar espacio en el disco.',
  }),
  'download-large': ({ bytes }) => ({
    what: `Hay que descargar ${f.bytes(bytes)}.`,
    todo: 'Usar una conexión sin límite de datos y dejar la página abierta.',
  }),
  quantized: ({ method }) => ({
    what: `Los pesos se guardaron ya cuantizados (${method}) y se convierten otra vez.`,
    todo: 'Si existe una versión sin cuantizar, dará respuestas algo mejores.',
  }),
  'context-capped': ({ trained, used }) => ({
    what: `Se entrenó para leer ${f.number(trained)} tokens; aquí leerá hasta ${f.number(used)}.`,
    todo: NOTHING,
  }),
  'zip-unpacked': ({ bytes }) => ({
    what: `Los pesos están comprimidos dentro del zip: se descomprimen ${f.bytes(bytes)} antes de leerlos.`,
    todo: 'Elegir la carpeta sin comprimir es más rápido y ocupa menos.',
  }),
  'onnx-task-unknown': () => ({
    what: 'Ya viene en ONNX, pero no dice para qué tarea.',
    todo: 'Añadir pipeline_tag a su README.md, o architectures a config.json.',
  }),
  'card-damaged': ({ detail }) => ({
    what: `La cabecera de su README.md no se puede leer (${detail}).`,
    todo: 'Comprobar licencia e idiomas en la página del modelo.',
  }),
};
