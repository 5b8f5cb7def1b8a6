type Count = (bytes: string, total: string) => string;

interface OfflineWords {
  readonly ready: string;
  readonly unavailable: string;
  readonly keeping: Count;
  readonly partial: Record<'save-data' | 'full' | 'unreachable' | 'changed', string>;
  readonly reloadHelps: string;
  readonly update: string;
  readonly updateNow: string;
  readonly updateAsked: string;
}

/** Words of the offline line, fetched with it: they are not needed for the first answer. */
const es: OfflineWords = {
  ready: 'Lista para usarse sin conexión.',
  unavailable: 'Este navegador no guarda la aplicación: hace falta conexión para abrirla.',
  keeping: (bytes, total) =>
    `Guardando la aplicación para usarla sin conexión: ${bytes} de ${total}.`,
  partial: {
    'save-data':
      'El navegador pide ahorrar datos: los modelos no se guardan para usarlos sin conexión.',
    full: 'No queda sitio en el navegador: la aplicación no está guardada entera para usarla sin conexión. Al liberar espacio y recargar, se completa.',
    unreachable:
      'Aún no está lista para usarse sin conexión: faltan archivos, que se piden en la próxima visita.',
    changed:
      'No está lista para usarse sin conexión: el servidor entrega archivos que no son de esta versión.',
  },
  reloadHelps: 'Al recargar la página se podrá calcular con más hilos.',
  update: 'Hay una versión nueva de Patio, ya descargada.',
  updateNow: 'Actualizar',
  updateAsked: 'Se actualizará en cuanto termine lo que está en marcha.',
};

const en: OfflineWords = {
  ready: 'Ready to be used offline.',
  unavailable: 'This browser does not keep the app: opening it takes a connection.',
  keeping: (bytes, total) => `Keeping the app for use offline: ${bytes} of ${total}.`,
  partial: {
    'save-data': 'The browser asks to save data: models are not kept for use offline.',
    full: 'No room is left in the browser: not all of the app is kept for use offline. Free some space and reload to complete it.',
    unreachable:
      'Not ready for use offline yet: files are missing, and the next visit asks for them.',
    changed: 'Not ready for use offline: the server gives files that are not of this version.',
  },
  reloadHelps: 'After a reload the page can compute with more threads.',
  update: 'There is a new version of Patio, downloaded already.',
  updateNow: 'Update',
  updateAsked: 'It updates as soon as what is under way has ended.',
};

export function offlineWords(locale: 'es' | 'en'): OfflineWords {
  return { es, en }[locale];
}
