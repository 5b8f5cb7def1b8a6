/** The room server's answers, and that nginx and Caddy give the same with the files of docs/room-server. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRoom } from '../../../src/classroom/room.ts';
import { openHub } from '../../../src/sources/hub.ts';
import { copyClass, copyFolder } from '../../../scripts/mirror/add.ts';
import { readRoom, withClasses, withRepo, writeRoom } from '../../../scripts/mirror/room-folder.ts';
import { serveRoom, type RoomServer } from '../../../scripts/mirror/serve.ts';
import { has, startCaddy, startNginx, type OtherServer } from '../../support/room-servers.ts';

const ID = 'taller/loro';
const CONFIG = '{"model_type":"llama"}';
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31) % 251);
const SECRET = 'not for others';
let work = '';
let room = '';
let commit = '';
let own: RoomServer | null = null;
let others: Partial<Record<'nginx' | 'caddy', OtherServer>> = {};

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'patio-room-'));
  room = join(work, 'sala');
  const app = join(work, 'dist');
  writeFiles(app, { 'index.html': '<!doctype html><title>Patio</title>', 'assets/a.js': '1;' });
  writeFiles(join(work, 'loro'), { 'config.json': CONFIG, 'ojos/parte uno.bin': 'ojos' });
  writeFileSync(join(work, 'loro/model.safetensors'), WEIGHTS);
  writeFileSync(join(work, 'loro/.gitattributes'), '*.bin lfs');
  writeFileSync(join(work, 'secret.txt'), SECRET);
  writeFileSync(join(work, 'clase.zip'), 'PK');
  const named = { id: ID, revision: 'main' };
  const repo = await copyFolder(room, join(work, 'loro'), named, () => undefined);
  await copyClass(room, join(work, 'clase.zip'));
  const empty = await readRoom(room);
  await writeRoom(room, empty, await withClasses(room, withRepo(empty, repo)));
  commit = repo.commit;
  symlinkSync(join(work, 'secret.txt'), join(app, 'link.txt'));
  own = await serveRoom({ folder: room, app, host: '127.0.0.1', securePort: 0, plainPort: 0 });
  const places = (name: string) => ({ room, app, work: join(work, name) });
  if (has('nginx')) others = { ...others, nginx: await startNginx(places('nginx')) };
  if (has('caddy')) others = { ...others, caddy: await startCaddy(places('caddy')) };
});

afterAll(async () => {
  await own?.close();
  await Promise.all(Object.values(others).map((server) => server.close()));
  rmSync(work, { recursive: true, force: true });
});

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

type ServerId = 'own' | 'own, secure' | 'nginx' | 'nginx, secure' | 'caddy' | 'caddy, secure';

function baseOf(id: ServerId): string {
  const [name, secure] = id.split(', ');
  if (name === 'own') {
    const port = secure ? own?.securePort : own?.plainPort;
    return `${secure ? 'https' : 'http'}://127.0.0.1:${String(port)}`;
  }
  const server = others[name as 'nginx' | 'caddy'];
  return (secure ? server?.secure : server?.plain) ?? '';
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** As it stands: no address is tidied up on the way, and the certificate must hold. */
function ask(
  id: ServerId,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  const { hostname, port, protocol } = new URL(baseOf(id));
  const secure = protocol === 'https:';
  const ca = readFileSync(join(room, '.patio/autoridad.pem'), 'utf8');
  const options = {
    hostname,
    port,
    path,
    method,
    headers,
    agent: false,
    ...(secure ? { ca } : {}),
  };
  return new Promise((resolve, reject) => {
    const sent = (secure ? secureRequest : plainRequest)(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: got } = response;
        resolve({ status, headers: got, body: Buffer.concat(chunks) });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const pinned = (path: string) => `/${ID}/resolve/${commit}/${path}`;
const etag = () => `"${sha256(WEIGHTS)}"`;

const SERVERS: readonly (readonly [ServerId, boolean])[] = [
  ['own', true],
  ['own, secure', true],
  ['nginx', has('nginx')],
  ['nginx, secure', has('nginx')],
  ['caddy', has('caddy')],
  ['caddy, secure', has('caddy')],
];

for (const [id, present] of SERVERS) {
  describe.skipIf(!present)(`the room, by ${id}`, () => {
    const get = (path: string, headers?: Readonly<Record<string, string>>, method?: string) =>
      ask(id, path, headers, method);

    test('a file at its commit: bytes, hash as ETag, size, commit, isolation and CORS', async () => {
      const { status, headers, body } = await get(pinned('model.safetensors'));
      expect(status).toBe(200);
      expect(body.equals(WEIGHTS)).toBe(true);
      expect(headers).toMatchObject({
        ...{ etag: etag(), 'x-linked-etag': etag(), 'x-repo-commit': commit },
        ...{ 'content-length': '300000', 'accept-ranges': 'bytes' },
        'content-type': 'application/octet-stream',
        ...{ 'cross-origin-opener-policy': 'same-origin' },
        ...{ 'cross-origin-embedder-policy': 'require-corp' },
        ...{ 'cross-origin-resource-policy': 'cross-origin' },
        ...{ 'access-control-allow-origin': '*', 'x-content-type-options': 'nosniff' },
      });
      expect(headers['access-control-expose-headers']).toMatch(/Content-Range.*X-Repo-Commit/u);
      expect(headers['cache-control']).toContain('immutable');
    });

    test('HEAD has the same headers and no body', async () => {
      const { status, headers, body } = await get(pinned('model.safetensors'), {}, 'HEAD');
      expect([status, body.length]).toEqual([200, 0]);
      expect(headers).toMatchObject({ etag: etag(), 'content-length': '300000' });
    });

    test.each([
      ['bytes=0-9', 0, 10],
      ['bytes=100000-199999', 100_000, 200_000],
      ['bytes=299990-', 299_990, 300_000],
      ['bytes=-7', 299_993, 300_000],
      ['bytes=299999-999999', 299_999, 300_000],
    ])('the range %s', async (range, start, end) => {
      const { status, headers, body } = await get(pinned('model.safetensors'), { Range: range });
      expect(status).toBe(206);
      expect(headers['content-range']).toBe(`bytes ${String(start)}-${String(end - 1)}/300000`);
      expect(headers['content-length']).toBe(String(end - start));
      expect(body.equals(WEIGHTS.subarray(start, end))).toBe(true);
    });

    test('a range past the end is 416 with the size', async () => {
      const { status, headers } = await get(pinned('model.safetensors'), {
        Range: 'bytes=300000-',
      });
      expect(status).toBe(416);
      expect(headers['content-range']).toBe('bytes */300000');
    });

    test('If-Range: the part where the file is the same, the whole where it is another', async () => {
      const range = { Range: 'bytes=10-19' };
      const same = await get(pinned('model.safetensors'), { ...range, 'If-Range': etag() });
      const other = await get(pinned('model.safetensors'), { ...range, 'If-Range': '"other"' });
      expect([same.status, same.body.length]).toEqual([206, 10]);
      expect([other.status, other.body.length]).toEqual([200, 300_000]);
    });

    test('If-None-Match: 304 for what is known', async () => {
      const path = pinned('model.safetensors');
      const known = await get(path, { 'If-None-Match': etag() });
      expect([known.status, known.body.length, known.headers['etag']]).toEqual([304, 0, etag()]);
      expect((await get(path, { 'If-None-Match': '"other"' })).status).toBe(200);
    });

    test('a branch leads to its commit on this server, with its encoding untouched', async () => {
      const moved = await get(`/${ID}/resolve/main/ojos/parte%20uno.bin`);
      expect(moved.status).toBe(307);
      expect(moved.headers['location']).toBe(pinned('ojos/parte%20uno.bin'));
      expect((await get(pinned('ojos/parte%20uno.bin'))).body.toString()).toBe('ojos');
      expect((await get(pinned('.gitattributes'))).body.toString()).toBe('*.bin lfs');
    });

    test.each(['', '/revision/main', '/revision/COMMIT', '/revision/main?blobs=true'])(
      'the repository is told at /api/models/…%s',
      async (rest) => {
        const path = `/api/models/${ID}${rest.replace('COMMIT', commit)}`;
        const { status, headers, body } = await get(path);
        expect(status).toBe(200);
        expect(headers['content-type']).toMatch(/^application\/json/u);
        expect(headers['access-control-allow-origin']).toBe('*');
        expect(JSON.parse(body.toString())).toMatchObject({ id: ID, sha: commit, gated: false });
      },
    );

    test('the tree has every file with its size and hash', async () => {
      const { body } = await get(`/api/models/${ID}/tree/${commit}?recursive=true&expand=false`);
      const tree = JSON.parse(body.toString()) as { path: string; size: number; lfs: object }[];
      const weights = tree.find(({ path }) => path === 'model.safetensors');
      expect(tree.length).toBe(4);
      expect(weights).toMatchObject({ size: 300_000, lfs: { oid: sha256(WEIGHTS) } });
    });

    test('the room tells what it holds', async () => {
      const { status, body } = await get('/patio-room.json');
      const told = parseRoom(body.toString());
      expect(status).toBe(200);
      expect(told.repos.map(({ id: name, files }) => [name, files.length])).toEqual([[ID, 4]]);
      expect(told.classes).toEqual([{ path: 'clase.zip', bytes: 2, sha256: sha256('PK') }]);
      expect((await get('/clases/clase.zip')).body.toString()).toBe('PK');
    });

    test.each([
      ['/api/models/nadie/nada/revision/main', 'RepoNotFound'],
      ['/api/models/nadie/nada', 'RepoNotFound'],
      [`/api/models/${ID}/revision/otra`, 'RevisionNotFound'],
      [`/${ID}/resolve/otra/config.json`, 'RevisionNotFound'],
      [`/nadie/nada/resolve/main/config.json`, 'RepoNotFound'],
      [`/${ID}/resolve/COMMIT/nada.bin`, 'EntryNotFound'],
      [`/${ID}/resolve/${'0'.repeat(40)}/config.json`, 'RevisionNotFound'],
    ])('what is not there has its code: %s', async (path, code) => {
      const { status, headers } = await get(path.replace('COMMIT', commit));
      expect([status, headers['x-error-code']]).toEqual([404, code]);
      expect(headers['access-control-allow-origin']).toBe('*');
    });

    test('the app is at the root, isolated, and asked again each time', async () => {
      const { status, headers, body } = await get('/');
      expect([status, body.toString()]).toEqual([200, '<!doctype html><title>Patio</title>']);
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['cache-control']).toBe('no-cache');
      const script = await get('/assets/a.js');
      expect(script.headers['content-type']).toMatch(/javascript/u);
      expect(script.headers['cache-control']).toContain('immutable');
    });

    test.each([
      ...[
        '/../secret.txt',
        '/..%2fsecret.txt',
        '/%2e%2e/secret.txt',
        '/assets/..%5c..%5csecret.txt',
      ],
      ...[`/${ID}/resolve/COMMIT/../../../../../secret.txt`, '/.patio/sala.key', '/assets/'],
      ...[`/${ID}/resolve/COMMIT/..%2f..%2f..%2f..%2f.patio%2fsala.key`, `/${ID}/`],
      ...[
        '/clases/..%2f.patio%2fsala.key',
        '/api/models/..%2f..%2f.patio/sala.key',
        '/%00',
        '/%zz',
      ],
    ])('nothing outside, no key and no list of a folder: %s', async (path) => {
      const { status, body } = await get(path.replace('COMMIT', commit));
      expect(status).toBeGreaterThanOrEqual(400);
      expect(body.toString()).not.toMatch(/not for others|PRIVATE KEY|a\.js/u);
    });

    test.each(['PUT', 'POST', 'DELETE', 'PATCH'])('%s changes nothing', async (method) => {
      expect((await get(pinned('config.json'), {}, method)).status).toBe(405);
      expect((await get(pinned('config.json'))).body.toString()).toBe(CONFIG);
    });

    test('another page may ask for ranges', async () => {
      const asked = { Origin: 'https://example.org', 'Access-Control-Request-Headers': 'range' };
      const { status, headers } = await get(pinned('config.json'), asked, 'OPTIONS');
      expect(status).toBe(204);
      expect(headers['access-control-allow-headers']).toContain('Range');
    });
  });
}

describe('the room server alone', () => {
  test('a link out of the folder is not followed', async () => {
    expect((await ask('own', '/link.txt')).status).toBe(404);
  });

  test('from another machine the plain port explains, and leads to the secure one', async () => {
    const host = { Host: '192.168.7.7:8080' };
    const secure = `https://192.168.7.7:${String(own?.securePort)}`;
    const page = await ask('own', '/', host);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body.toString()).toContain(`href="${secure}/"`);
    const inner = await ask('own', '/assets/a.js?x', host);
    expect([inner.status, inner.headers['location']]).toEqual([307, `${secure}/assets/a.js?x`]);
    expect((await ask('own', pinned('config.json'), host)).status).toBe(200);
    expect((await ask('own', '/sala.crt', host)).body.toString()).toBe(own?.authority);
  });

  test('a name that is markup goes nowhere into the page', async () => {
    const { body } = await ask('own', '/', { Host: '"><script>alert(1)</script>' });
    expect(body.toString()).not.toContain('<script>alert');
  });

  test('/estado tells who received what', async () => {
    await ask('own', pinned('model.safetensors'));
    const { body } = await ask('own', '/estado');
    const state = JSON.parse(body.toString()) as { clients: { address: string; sent: number }[] };
    expect(state).toMatchObject({ name: 'sala', machines: 1, clients: [{ address: '127.0.0.1' }] });
    expect(state.clients[0]?.sent).toBeGreaterThan(300_000);
  });

  test('the certificate is kept between starts', async () => {
    const before = readFileSync(join(room, '.patio/sala.pem'), 'utf8');
    const again = { folder: room, app: null, host: '127.0.0.1', securePort: 0, plainPort: 0 };
    const second = await serveRoom(again);
    await second.close();
    expect(readFileSync(join(room, '.patio/sala.pem'), 'utf8')).toBe(before);
  });

  test("Patio's own sources read a model from it", async () => {
    const { signal } = new AbortController();
    const endpoint = baseOf('own');
    const origin = { kind: 'hub', endpoint, repo: ID, revision: null, token: null } as const;
    const { files, hashes, pinned: at } = await openHub(origin, signal);
    expect(at).toEqual({ endpoint, repo: ID, commit });
    expect(hashes.get('model.safetensors')).toBe(sha256(WEIGHTS));
    const read = await files.get('model.safetensors')?.read(1000, 250_000, signal);
    expect(Buffer.from(read ?? []).equals(WEIGHTS.subarray(1000, 250_000))).toBe(true);
    const spaced = await files.get('ojos/parte uno.bin')?.read(0, 4, signal);
    expect(Buffer.from(spaced ?? []).toString()).toBe('ojos');
  });

  test('what add writes while it serves is there at once', async () => {
    const before = await readRoom(room);
    writeFiles(join(work, 'mirlo'), { 'config.json': '{}' });
    const repo = await copyFolder(
      room,
      join(work, 'mirlo'),
      { id: 'taller/mirlo', revision: 'v1' },
      () => undefined,
    );
    await writeRoom(room, before, withRepo(before, repo));
    expect((await ask('own', '/api/models/taller/mirlo/revision/v1')).status).toBe(200);
    await writeRoom(room, await readRoom(room), before);
    expect((await ask('own', '/api/models/taller/mirlo/revision/v1')).status).toBe(404);
    expect((await ask('own', pinned('config.json'))).status).toBe(200);
  });
});
