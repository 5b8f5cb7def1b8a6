/**
 * The plain port, for those who come over `http://` from another machine: a page there has no storage,
 * no GPU and no service worker, so the app is at the secure port alone, and this page says how to get in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback, type Visitor } from './handler.ts';

export const AUTHORITY_PATH = '/sala.crt';

/** @param authority PEM of the room's authority */
export function plainVisitor(securePort: number, authority: string): Visitor {
  return (request, response) => {
    const pathname = /^[^?#]*/u.exec(request.url ?? '/')?.[0] ?? '/';
    if (pathname === AUTHORITY_PATH) {
      sendText(request, response, 'application/x-x509-ca-cert', authority);
      return true;
    }
    const host = hostOf(request);
    if (host === null || isLoopback(host.replace(/^\[|\]$/gu, ''))) return false;
    const secure = `https://${host}:${String(securePort)}`;
    if (pathname === '/') sendText(request, response, 'text/html; charset=utf-8', page(secure));
    else response.writeHead(307, { Location: secure + (request.url ?? '/') }).end();
    return true;
  };
}

/** Of the secure port: the certificate alone. */
export function secureVisitor(authority: string): Visitor {
  return (request, response) => {
    if (request.url !== AUTHORITY_PATH) return false;
    sendText(request, response, 'application/x-x509-ca-cert', authority);
    return true;
  };
}

/** The name that was asked for, if it is one and nothing else. */
function hostOf({ headers }: IncomingMessage): string | null {
  return /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d+)?$/iu.exec(headers.host ?? '')?.[1] ?? null;
}

function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  type: string,
  text: string,
): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
  response.end(request.method === 'HEAD' ? undefined : text);
}

function page(secure: string): string {
  return `<!doctype html>
<html lang="es">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Patio · sala</title>
<style>
  body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 2rem auto; padding: 0 1rem; color: #1d1b16; background: #fbf8f1 }
  a.go { display: inline-block; padding: .7rem 1.2rem; background: #1d4d3a; color: #fff; border-radius: .4rem; text-decoration: none }
  a { color: #1d4d3a } a:focus-visible { outline: 3px solid #b4531a; outline-offset: 2px }
  @media (prefers-color-scheme: dark) { body { color: #f1ece0; background: #1b1a17 } a:not(.go) { color: #9fd8bf } }
</style>
<main>
<h1>Entrar en Patio</h1>
<p><a class="go" href="${secure}/">Abrir Patio</a></p>
<p>La primera vez el navegador avisa de que la conexión no es privada: no conoce al servidor de esta sala, que ha hecho su propio certificado. En la página del aviso:</p>
<ul>
<li><b>Chrome o Edge</b>: «Configuración avanzada» y después «Acceder».</li>
<li><b>Firefox</b>: «Avanzado» y después «Aceptar el riesgo y continuar».</li>
<li><b>Safari</b>: «Mostrar detalles» y después «visitar este sitio web».</li>
</ul>
<p>Con eso Patio ya funciona y guarda los modelos. Para que además se abra con la red cortada, el equipo debe confiar en la sala: <a href="${AUTHORITY_PATH}" download>descargar su certificado</a> e instalarlo como entidad de confianza. Solo vale para direcciones de redes locales.</p>
<hr>
<p lang="en">The browser warns because this room made its own certificate: choose “Advanced” and go on. To open Patio with the network cut as well, install the <a href="${AUTHORITY_PATH}" download>room’s certificate</a> as a trusted authority; it is valid for local addresses only.</p>
</main>
</html>
`;
}
