/** nginx and Caddy on loopback, with the files of docs/room-server, over a room that a test made. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

const DOCS = resolve(import.meta.dirname, '../../docs/room-server');
/** Debian keeps servers out of a user's path. */
const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(':');

export interface OtherServer {
  readonly plain: string;
  readonly secure: string;
  readonly pid: number;
  close(): Promise<void>;
}

export interface Places {
  readonly room: string;
  readonly app: string;
  /** For what the server itself writes. */
  readonly work: string;
}

export function has(program: 'nginx' | 'caddy'): boolean {
  const asked = program === 'nginx' ? '-v' : 'version';
  return spawnSync(program, [asked], { env: { ...process.env, PATH } }).status === 0;
}

export async function startNginx(places: Places, workers = 1): Promise<OtherServer> {
  const ports = [await freePort(), await freePort()] as const;
  const site = adapted('nginx.conf', places, ports);
  const conf = join(places.work, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(places.work, name)};`)
    .join('\n');
  const types =
    'types { text/html html; text/javascript js; application/json json; application/zip zip; application/wasm wasm; }';
  writeFileSync(
    conf,
    `worker_processes ${String(workers)};\ndaemon off;\npid ${join(places.work, 'nginx.pid')};\nerror_log stderr;\n` +
      `events { worker_connections 1024; }\nhttp {\naccess_log off;\n${types}\n${temporary}\n${site}\n}\n`,
  );
  // Its workers are of another user where the tests run as root.
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : [];
  return start('nginx', ['-p', places.work, '-e', 'stderr', '-c', conf, ...user], ports);
}

export async function startCaddy(places: Places): Promise<OtherServer> {
  const ports = [await freePort(), await freePort()] as const;
  const site = adapted('Caddyfile', places, ports).replace('admin localhost:2019', 'admin off');
  const conf = join(places.work, 'Caddyfile');
  writeFileSync(conf, site);
  return start('caddy', ['run', '--adapter', 'caddyfile', '--config', conf], ports);
}

/** The documented file with this machine's folders and ports. */
function adapted(name: string, { room, app, work }: Places, ports: readonly [number, number]) {
  mkdirSync(work, { recursive: true });
  chmodSync(work, 0o755);
  return readFileSync(join(DOCS, name), 'utf8')
    .replaceAll('/srv/patio/sala', room)
    .replaceAll('/srv/patio/dist', app)
    .replaceAll(/\b8080\b/gu, String(ports[0]))
    .replaceAll(/\b8443\b/gu, String(ports[1]));
}

async function start(
  program: string,
  args: readonly string[],
  [plainPort, securePort]: readonly [number, number],
): Promise<OtherServer> {
  const env = {
    ...process.env,
    PATH,
    XDG_DATA_HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
  };
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const plain = `http://127.0.0.1:${String(plainPort)}`;
  await answers(child, `${plain}/patio-room.json`, () => said);
  return {
    plain,
    secure: `https://127.0.0.1:${String(securePort)}`,
    pid: child.pid ?? 0,
    close: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function answers(child: ChildProcess, url: string, said: () => string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (child.exitCode !== null) throw new Error(said());
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return void (await response.body?.cancel());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  throw new Error(`no answer: ${said()}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
