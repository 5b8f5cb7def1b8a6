/** What the room's commands say. */
export const USAGE = `npm run mirror -- add <repositorio | carpeta | clase.zip> …
    trae un repositorio del Hub, una carpeta o una clase a la sala
    [--to CARPETA]       carpeta de la sala; «sala» si no se dice
    [--endpoint URL]     otra réplica con las rutas del Hub
    [--revision R]       rama, etiqueta o commit; «main» si no se dice
    [--name DUEÑO/NOMBRE] con qué nombre queda una carpeta
    [--all]              también los pesos repetidos en formatos de otros programas
    el token de un modelo con condiciones se toma de la variable HF_TOKEN
npm run mirror -- list   [CARPETA]            qué hay en la sala y cuánto ocupa
npm run mirror -- check  [CARPETA]            vuelve a calcular el SHA-256 de todo
npm run mirror -- remove <repositorio> [--revision R] [--to CARPETA]
npm run mirror -- serve  [CARPETA]            sirve la sala y la aplicación en la red local
    [--port 8443]        puerto HTTPS
    [--http 8080]        puerto sin cifrar
    [--host 0.0.0.0]     en qué dirección se escucha
    [--app CARPETA]      la aplicación ya construida; «dist» si no se dice
npm run mirror -- certificate [CARPETA]       prepara el certificado y los mapas para Caddy o nginx`;

export const WORDS = {
  unclear: (text: string) =>
    `«${text}» no es una carpeta de este equipo ni un repositorio (dueño/nombre).`,
  added: (id: string, files: number, size: string) =>
    `${id}: ${String(files)} archivos, ${size}, con su SHA-256.`,
  classAdded: (name: string) => `Clase ${name} en la sala.`,
  removed: (id: string) => `${id} ya no está en la sala.`,
  absent: (id: string) => `${id} no está en la sala.`,
  empty: 'La sala está vacía: npm run mirror -- add <repositorio | carpeta>',
  missing: (path: string) => `FALTA    ${path}`,
  damaged: (path: string) => `DAÑADO   ${path}`,
  whole: (files: number) => `Todo en orden: ${String(files)} archivos con su SHA-256.`,
  mend: 'Se arregla volviendo a traerlo con «add».',
  portTaken: (port: string) =>
    `El puerto ${port} está ocupado: se elige otro con --port (HTTPS) o --http (sin cifrar).`,
  portDenied: (port: string) =>
    `El sistema no deja usar el puerto ${port}: se elige uno mayor de 1024 con --port o --http.`,
  noNetwork: 'Este equipo no está en ninguna red: solo se puede entrar desde él.',
  enter: 'Para entrar, con la cámara o escribiendo la dirección:',
  explains: (url: string) => `Si el navegador avisa, ${url} explica qué hacer.`,
  here: (url: string) => `En este equipo: ${url}`,
  tools: (url: string) => `Para las herramientas del Hub: HF_ENDPOINT=${url}`,
  stop: 'Se cierra con Ctrl+C. Quién descarga qué:',
} as const;
