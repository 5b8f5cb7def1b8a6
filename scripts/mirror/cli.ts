/** `npm run mirror -- …`: the room server, see `USAGE` in words.ts. */
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { renderUnicodeCompact } from 'uqr';
import { bytesOf, type Room } from '../../src/classroom/room.ts';
import { FailureError } from '../../src/domain/failure.ts';
import { es } from '../../src/i18n/es.ts';
import { failureText } from '../../src/i18n/failures.ts';
import { browserNetwork } from '../../src/sources/http-client.ts';
import { DEFAULT_ENDPOINT } from '../../src/sources/origin.ts';
import { copyClass, copyFolder, fetchRepo, type Report } from './add.ts';
import { lanAddresses, namesOf } from './addresses.ts';
import { builtApp } from './app.ts';
import { certificateFor } from './certificate.ts';
import { damagesIn } from './check.ts';
import * as rooms from './room-folder.ts';
import { megabytes, showTraffic } from './screen.ts';
import { serveRoom, type RoomServer } from './serve.ts';
import { USAGE, WORDS } from './words.ts';

class UsageError extends Error {}

const OPTIONS = {
  to: { type: 'string' },
  endpoint: { type: 'string' },
  revision: { type: 'string' },
  name: { type: 'string' },
  all: { type: 'boolean', default: false },
  port: { type: 'string', default: '8443' },
  http: { type: 'string', default: '8080' },
  host: { type: 'string', default: '0.0.0.0' },
  app: { type: 'string' },
} as const;

type Values = ReturnType<typeof readArgs>['values'];

function readArgs() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [verb = '', ...rest] = positionals;
  return { verb, rest, values };
}

async function main(signal: AbortSignal): Promise<void> {
  const { verb, rest, values } = readArgs();
  const folder = resolve(values.to ?? rooms.DEFAULT_FOLDER);
  const named = rest[0] === undefined ? folder : resolve(rest[0]);
  switch (verb) {
    case 'add':
      return add(folder, rest, values, signal);
    case 'remove':
      return remove(folder, rest, values);
    case 'list':
      return list(await rooms.readRoom(named));
    case 'check':
      return check(named);
    case 'serve':
      return serve(named, values, signal);
    case 'certificate':
      return prepare(named);
    default:
      throw new UsageError(verb);
  }
}

async function add(
  folder: string,
  things: readonly string[],
  values: Values,
  signal: AbortSignal,
): Promise<void> {
  if (things.length === 0) throw new UsageError('add');
  for (const thing of things) await addOne(folder, thing, values, signal);
}

async function addOne(
  folder: string,
  thing: string,
  values: Values,
  signal: AbortSignal,
): Promise<void> {
  const info = await stat(thing).catch(() => null);
  const before = await rooms.readRoom(folder);
  if (info?.isFile()) {
    if (!/\.zip$/iu.test(thing)) throw new UsageError(WORDS.unclear(thing));
    const name = await copyClass(folder, thing);
    await rooms.writeRoom(folder, before, await rooms.withClasses(folder, before));
    return console.log(WORDS.classAdded(name));
  }
  const repo = await (info?.isDirectory()
    ? copyFolder(folder, thing, namedAs(thing, values), progress())
    : fetchRepo(folder, fetchingOf(thing, values), progress(), signal));
  const room = await rooms.withClasses(folder, rooms.withRepo(before, repo));
  await rooms.writeRoom(folder, before, room);
  console.log(WORDS.added(repo.id, repo.files.length, megabytes(bytesOf(repo))));
}

function namedAs(path: string, { name, revision = 'main' }: Values) {
  const own = basename(resolve(path)).replaceAll(/[^\w.-]/gu, '-');
  return { id: name ?? `sala/${own}`, revision };
}

function fetchingOf(repo: string, { endpoint, revision, all }: Values) {
  if (!/^(?:[\w-][\w.-]*\/)?[\w-][\w.-]*$/u.test(repo)) throw new UsageError(WORDS.unclear(repo));
  const base = (endpoint ?? process.env['HF_ENDPOINT'] ?? DEFAULT_ENDPOINT).replace(/\/+$/u, '');
  const token = process.env['HF_TOKEN'] ?? null;
  const where = { endpoint: base, repo, revision: revision ?? null, token };
  return { origin: { kind: 'hub', ...where } as const, all, network: browserNetwork };
}

/** One line that is drawn over, or one for each file that is there. */
function progress(): Report {
  const { stdout } = process;
  return (file, done, size) => {
    const percent = size === 0 ? 100 : Math.floor((100 * done) / size);
    const line = `${String(percent).padStart(3)} %  ${megabytes(size).padStart(9)}  ${file}`;
    if (stdout.isTTY) stdout.write(`\r\u001b[K${line}${done === size ? '\n' : ''}`);
    else if (done === size) stdout.write(`${line}\n`);
  };
}

async function remove(folder: string, ids: readonly string[], { revision }: Values): Promise<void> {
  const [id] = ids;
  if (id === undefined) throw new UsageError('remove');
  const before = await rooms.readRoom(folder);
  const room = rooms.withoutRepo(before, id, revision ?? null);
  if (room.repos.length === before.repos.length) throw new UsageError(WORDS.absent(id));
  await rooms.writeRoom(folder, before, room);
  console.log(WORDS.removed(id));
}

function list({ repos, classes }: Room): void {
  if (repos.length + classes.length === 0) console.log(WORDS.empty);
  for (const repo of repos) {
    const size = megabytes(bytesOf(repo)).padStart(10);
    console.log(`${size}  ${repo.id}@${repo.revision}  ${repo.commit.slice(0, 8)}`);
  }
  for (const { path, bytes } of classes) console.log(`${megabytes(bytes).padStart(10)}  ${path}`);
}

async function check(folder: string): Promise<void> {
  const room = await rooms.readRoom(folder);
  let files = 0;
  const damages = await damagesIn(folder, room, () => (files += 1));
  for (const { path, what } of damages) console.log(WORDS[what](path));
  console.log(damages.length === 0 ? WORDS.whole(files) : WORDS.mend);
  if (damages.length > 0) process.exitCode = 1;
}

/** The room's own files as they should be, also where packs were laid into its folder by hand. */
async function refresh(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const before = await rooms.readRoom(folder);
  await rooms.writeRoom(folder, before, await rooms.withClasses(folder, before));
}

async function prepare(folder: string): Promise<void> {
  await refresh(folder);
  await certificateFor(folder, namesOf(lanAddresses()));
  console.log(resolve(folder, rooms.PRIVATE_FOLDER));
}

async function serve(folder: string, values: Values, signal: AbortSignal): Promise<void> {
  await refresh(folder);
  const app = values.app === undefined ? await builtApp(console.log) : resolve(values.app);
  if (!existsSync(app)) throw new UsageError(WORDS.unclear(app));
  const ports = { securePort: portOf(values.port), plainPort: portOf(values.http) };
  const server = await serveRoom({ folder, app, host: values.host, ...ports });
  announce(server);
  const stop = showTraffic(server.traffic, process.stdout);
  signal.addEventListener('abort', () => {
    stop();
    void server.close();
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UsageError(text);
}

function announce({ addresses, securePort, plainPort }: RoomServer): void {
  const [first] = addresses;
  const plain = (host: string) => `http://${host}:${String(plainPort)}`;
  const urls = addresses.map((address) => `https://${address}:${String(securePort)}/`);
  if (first === undefined) console.log(`\n${WORDS.noNetwork}`);
  else console.log(`\n${WORDS.enter}\n\n${renderUnicodeCompact(urls[0] ?? '')}`);
  for (const url of urls) console.log(`  ${url}`);
  if (first !== undefined) console.log(`\n${WORDS.explains(plain(first))}`);
  console.log(WORDS.here(`${plain('localhost')}/`));
  console.log(WORDS.tools(plain(first ?? 'localhost')));
  console.log(`\n${WORDS.stop}\n`);
}

function sentenceOf(error: unknown): string {
  if (error instanceof FailureError) {
    const { what, todo } = failureText(es.failures, error.failure);
    return `${what} ${todo}`;
  }
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return WORDS.portTaken(String(port));
  if (code === 'EACCES' && port !== undefined) return WORDS.portDenied(String(port));
  if (error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS')) {
    return `${(error as Error).message}\n${USAGE}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const controller = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
main(controller.signal).catch((error: unknown) => {
  if (controller.signal.aborted) return;
  console.error(`mirror: ${sentenceOf(error)}`);
  process.exitCode = 1;
});
