/** The Hub's own client, in Python, against the room. PATIO_TEST_PYTHON names an interpreter that has it. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyFolder } from '../../../scripts/mirror/add.ts';
import { readRoom, withRepo, writeRoom } from '../../../scripts/mirror/room-folder.ts';
import { serveRoom, type RoomServer } from '../../../scripts/mirror/serve.ts';
import { has, startCaddy, startNginx, type OtherServer } from '../../support/room-servers.ts';

const PYTHON = process.env['PATIO_TEST_PYTHON'] ?? 'python3';
const hasClient = spawnSync(PYTHON, ['-c', 'import huggingface_hub']).status === 0;
const ID = 'taller/pinzon';
/** A checkpoint as people train it, with its tokenizer. */
const MODEL = 'tests/fixtures/llama-tied';
const NO_NETWORK = { HTTP_PROXY: '', HTTPS_PROXY: '', http_proxy: '', https_proxy: '' };
let work = '';
let room = '';
let commit = '';

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'patio-hub-'));
  room = join(work, 'sala');
  cpSync(MODEL, join(work, 'modelo'), { recursive: true });
  const empty = await readRoom(room);
  const named = { id: ID, revision: 'main' };
  const repo = await copyFolder(room, join(work, 'modelo'), named, () => undefined);
  await writeRoom(room, empty, withRepo(empty, repo));
  commit = repo.commit;
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

type Started = RoomServer | OtherServer;

const SERVERS: readonly (readonly [string, boolean, () => Promise<Started>])[] = [
  [
    'the room server',
    true,
    () => serveRoom({ folder: room, app: null, host: '127.0.0.1', securePort: 0, plainPort: 0 }),
  ],
  ['nginx', has('nginx'), () => startNginx({ room, app: room, work: join(work, 'nginx') })],
  ['caddy', has('caddy'), () => startCaddy({ room, app: room, work: join(work, 'caddy') })],
];

for (const [name, present, start] of SERVERS) {
  test.skipIf(!hasClient || !present)(`huggingface_hub downloads from ${name}`, async () => {
    const server = await start();
    try {
      const told = await askClient(endpointOf(server), join(work, `cache-${name}`));
      const config = readFileSync(join(MODEL, 'config.json'));
      const paths = Object.keys(hashesOf(MODEL)).sort();
      expect(told).toMatchObject({ id: ID, commit, snapshot: commit, mismatches: [] });
      expect(told['one']).toBe(sha256(config));
      expect(told['hashes']).toEqual(hashesOf(MODEL));
      expect(told['listed']).toEqual(paths);
      expect((told['sizes'] as Record<string, number>)['config.json']).toBe(config.length);
      expect(told['refusals']).toEqual([
        ...['EntryNotFoundError', 'RevisionNotFoundError', 'RepositoryNotFoundError'],
      ]);
    } finally {
      await server.close();
    }
  });
}

function endpointOf(server: Started): string {
  return 'plain' in server ? server.plain : `http://127.0.0.1:${String(server.plainPort)}`;
}

async function askClient(endpoint: string, home: string): Promise<Record<string, unknown>> {
  const env = { ...process.env, ...NO_NETWORK, HF_ENDPOINT: endpoint, HF_HOME: home };
  const script = join(import.meta.dirname, 'mirror-hub.py');
  const child = spawn(PYTHON, [script, ID], { env: { ...env, HF_HUB_DISABLE_TELEMETRY: '1' } });
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code, said).toBe(0);
  return JSON.parse(out) as Record<string, unknown>;
}

function hashesOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true }).map(String);
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return Object.fromEntries(files.map((path) => [path, sha256(readFileSync(join(folder, path)))]));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
