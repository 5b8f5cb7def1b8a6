/** The room server with a class in front of it, in turns with nginx over the same folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomFillSync } from 'node:crypto';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { parseRoom } from '../../src/classroom/room.ts';
import { copyFolder } from '../../scripts/mirror/add.ts';
import { readRoom, withRepo, writeRoom } from '../../scripts/mirror/room-folder.ts';
import { has, startNginx } from '../support/room-servers.ts';
import type { Came, Work } from './mirror-clients.ts';
import { ROOT } from './options.ts';

const DOCS = `${ROOT}docs/room-server.md`;
const MARKERS = /(<!-- mirror:start -->)[^]*(<!-- mirror:end -->)/;
const CLIENTS = 60;
const PACKAGE_MB = 300;
const RANGE = 8_000_000;
const MOST_MEMORY_MB = 300;
const LEAST_RATIO = 0.8;
const FILES = 3;

interface Server {
  readonly name: 'patio' | 'nginx';
  readonly plain: string;
  readonly secure: string;
  readonly pid: number;
  close(): Promise<void>;
}

interface Turn {
  readonly name: Server['name'];
  readonly secure: boolean;
  readonly seconds: number;
  readonly came: Came;
  /** Largest resident memory of the server and its workers until the end of the turn. */
  readonly peakMb: number;
  /** Processor time of the server and its workers, in seconds: what a busy machine does not change. */
  readonly cpu: number;
}

/** `npm run bench -- mirror [--clients 60] [--megabytes 300] [--rounds 3] [--no-docs]` */
export async function benchMirror(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      clients: { type: 'string', default: String(CLIENTS) },
      megabytes: { type: 'string', default: String(PACKAGE_MB) },
      rounds: { type: 'string', default: '1' },
      'no-docs': { type: 'boolean', default: false },
    },
  });
  const [clients, megabytes] = [Number(values.clients), Number(values.megabytes)];
  const load = loadavg()[0] ?? 0;
  const turns = await measure(clients, megabytes, Number(values.rounds));
  const text = [conditions(turns, { clients, megabytes, load }), table(turns), verdict(turns)].join(
    '\n\n',
  );
  console.log(text);
  const whole = clients === CLIENTS && megabytes === PACKAGE_MB && has('nginx');
  if (whole && !values['no-docs']) await writeDocs(text);
}

async function measure(clients: number, megabytes: number, rounds: number): Promise<Turn[]> {
  const work = mkdtempSync(join(tmpdir(), 'patio-mirror-'));
  const turns: Turn[] = [];
  try {
    const room = await makeRoom(work, megabytes);
    const places = { room, app: room, work: join(work, 'nginx') };
    const starts = [() => startOwn(room), ...(has('nginx') ? [() => startOther(places)] : [])];
    for (let round = 0; round < rounds; round += 1) {
      for (const secure of [false, true]) {
        // Whoever came second comes first in the next round.
        const order = round % 2 === 0 ? starts : starts.toReversed();
        for (const start of order) turns.push(await turnOf(await start(), room, secure, clients));
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return turns;
}

/** Bytes that no compression and no zero page makes cheap. */
async function makeRoom(work: string, megabytes: number): Promise<string> {
  const [room, model] = [join(work, 'sala'), join(work, 'paquete')];
  mkdirSync(model);
  for (let file = 0; file < FILES; file += 1) {
    const bytes = randomFillSync(new Uint8Array(Math.round((megabytes * 1e6) / FILES)));
    writeFileSync(join(model, `parte-${String(file)}.bin`), bytes);
  }
  const named = { id: 'medida/paquete', revision: 'main' };
  const repo = await copyFolder(room, model, named, () => undefined);
  const empty = await readRoom(room);
  await writeRoom(room, empty, withRepo(empty, repo));
  writeFileSync(join(room, 'index.html'), '<!doctype html><title>Patio</title>');
  rmSync(model, { recursive: true });
  return room;
}

/** As a teacher starts it: a process of its own. */
async function startOwn(room: string): Promise<Server> {
  const [securePort, plainPort] = [48_443, 48_080];
  const ports = ['--port', String(securePort), '--http', String(plainPort)];
  const command = ['--import', 'tsx', `${ROOT}scripts/mirror/cli.ts`, 'serve', room];
  const args = [...command, '--app', room, '--host', '127.0.0.1', ...ports];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const plain = `http://127.0.0.1:${String(plainPort)}`;
  await answers(child, plain);
  const secure = `https://127.0.0.1:${String(securePort)}`;
  return { name: 'patio', plain, secure, pid: child.pid ?? 0, close: () => end(child) };
}

async function startOther(places: Parameters<typeof startNginx>[0]): Promise<Server> {
  const server = await startNginx(places, cpus().length);
  return { ...server, name: 'nginx' };
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (let attempt = 0; attempt < 300 && child.exitCode === null; attempt += 1) {
    const response = await fetch(`${url}/patio-room.json`).catch(() => null);
    if (response?.ok) return void (await response.body?.cancel());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no answer at ${url}`);
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

async function turnOf(
  server: Server,
  room: string,
  secure: boolean,
  clients: number,
): Promise<Turn> {
  try {
    const work = workOf(server, room, secure);
    const cpuBefore = cpuOf(server.pid);
    const began = performance.now();
    const all = await Promise.all(
      shares(clients).map((share) => runClients({ ...work, clients: share })),
    );
    const seconds = (performance.now() - began) / 1000;
    const sum = (pick: (came: Came) => number) =>
      all.reduce((total, came) => total + pick(came), 0);
    const came = {
      bytes: sum(({ bytes }) => bytes),
      requests: sum(({ requests }) => requests),
      right: sum(({ right }) => right),
      wrong: sum(({ wrong }) => wrong),
    };
    return {
      name: server.name,
      secure,
      seconds,
      came,
      peakMb: peakOf(server.pid),
      cpu: cpuOf(server.pid) - cpuBefore,
    };
  } finally {
    await server.close();
  }
}

function workOf(
  { plain, secure: encrypted }: Server,
  room: string,
  secure: boolean,
): Omit<Work, 'clients'> {
  const { repos } = parseRoom(readFileSync(join(room, 'patio-room.json'), 'utf8'));
  const files = repos.flatMap(({ id, commit, files: own }) =>
    own.map(({ path, bytes, sha256 }) => ({
      url: `/${id}/resolve/${commit}/${path}`,
      bytes,
      sha256,
    })),
  );
  const ca = secure ? readFileSync(join(room, '.patio/autoridad.pem'), 'utf8') : null;
  return { base: secure ? encrypted : plain, ca, range: RANGE, files };
}

/** One process of clients for each core. */
function shares(clients: number): number[] {
  const processes = Math.min(cpus().length, clients);
  return Array.from(
    { length: processes },
    (_, at) =>
      Math.floor(((at + 1) * clients) / processes) - Math.floor((at * clients) / processes),
  );
}

async function runClients(work: Work): Promise<Came> {
  const args = ['--import', 'tsx', `${ROOT}tests/bench/mirror-clients.ts`];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stdin.end(JSON.stringify(work));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error('the clients ended with an error');
  return JSON.parse(text) as Came;
}

/** Of a process and its children, in MB: the sum of their largest. Linux tells it. */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const own = Number(/VmHWM:\s+(\d+)/u.exec(status)?.[1] ?? NaN) / 1000;
  return childrenOf(pid).reduce((sum, child) => sum + peakOf(child), own);
}

/** Of a process and its children, in seconds; Linux counts in hundredths. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = (Number(fields[11]) + Number(fields[12])) / 100;
  return childrenOf(pid).reduce((sum, child) => sum + cpuOf(child), own);
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

function conditions(
  turns: readonly Turn[],
  { clients, megabytes, load }: { clients: number; megabytes: number; load: number },
): string {
  const requests = turns[0]?.came.requests ?? 0;
  return [
    `${new Date().toISOString().slice(0, 10)}, ${String(cpus().length)} CPU cores that servers and clients share,`,
    `${String(clients)} clients at once, ${String(megabytes)} MB each in ${String(FILES)} files by ranges of`,
    `${String(RANGE / 1e6)} MB (${String(requests)} requests), each file hashed by its client; load of the`,
    `machine before the run ${load.toFixed(1)}. \`npm run bench -- mirror\``,
  ].join(' ');
}

function table(turns: readonly Turn[]): string {
  const head =
    '| server | port | MB/s | seconds | right hashes | wrong | most memory, MB | CPU of the server, s/GB |';
  const rows = turns.map(({ name, secure, seconds, came, peakMb, cpu }) => {
    const cells = [
      name === 'patio' ? 'Patio' : 'nginx',
      secure ? 'HTTPS' : 'HTTP',
      speedOf({ came, seconds }).toFixed(0),
      seconds.toFixed(1),
      `${String(came.right)} of ${String(came.right + came.wrong)}`,
      String(came.wrong),
      peakMb.toFixed(0),
      (cpu / (came.bytes / 1e9)).toFixed(2),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [head, '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |', ...rows].join('\n');
}

function speedOf({ came, seconds }: Pick<Turn, 'came' | 'seconds'>): number {
  return came.bytes / seconds / 1e6;
}

/** Total bytes over total time, so that a slow round weighs what it took. */
function ratioOf(turns: readonly Turn[], secure: boolean): number {
  const speed = (name: Turn['name']) => {
    const own = turns.filter((turn) => turn.name === name && turn.secure === secure);
    const bytes = own.reduce((sum, { came }) => sum + came.bytes, 0);
    return bytes / own.reduce((sum, { seconds }) => sum + seconds, 0);
  };
  return speed('patio') / speed('nginx');
}

function verdict(turns: readonly Turn[]): string {
  const own = turns.filter(({ name }) => name === 'patio');
  const wrong = own.reduce((sum, { came }) => sum + came.wrong, 0);
  const memory = Math.max(...own.map(({ peakMb }) => peakMb));
  const [plain, secure] = [ratioOf(turns, false), ratioOf(turns, true)];
  const mark = (held: boolean) => (held ? 'held' : '**not held**');
  return [
    '| bar | measured | wanted | |',
    '| --- | ---: | ---: | --- |',
    `| wrong hashes | ${String(wrong)} | 0 | ${mark(wrong === 0)} |`,
    `| memory of the server | ${memory.toFixed(0)} MB | < ${String(MOST_MEMORY_MB)} MB | ${mark(memory < MOST_MEMORY_MB)} |`,
    `| throughput ÷ nginx, HTTP | ${plain.toFixed(2)} | ≥ ${String(LEAST_RATIO)} | ${mark(plain >= LEAST_RATIO)} |`,
    `| throughput ÷ nginx, HTTPS | ${secure.toFixed(2)} | | |`,
  ].join('\n');
}

async function writeDocs(text: string): Promise<void> {
  const renewed = readFileSync(DOCS, 'utf8').replace(MARKERS, (_, start: string, close: string) =>
    [start, text, close].join('\n\n'),
  );
  const options = await resolveConfig(DOCS);
  writeFileSync(DOCS, await format(renewed, { ...options, parser: 'markdown' }));
}
