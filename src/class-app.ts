/** The composition of the classroom, fetched when its screen is first asked for. */
import { createSHA256 } from 'hash-wasm';
import { CLASS_FILE } from './classroom/pack.ts';
import { parseRoom, type Room } from './classroom/room.ts';
import { refuse } from './domain/failure.ts';
import type { Engine, Tunable } from './engine/engine.ts';
import { browserHost } from './offline/browser-host.ts';
import { tiersFor } from './offline/manifest.ts';
import { openZip } from './sources/zip.ts';
import { Classroom, type ClassroomDeps } from './state/classroom.svelte.ts';
import { zipClass } from './storage/class-zip.ts';
import { idbClasses } from './storage/idb-classes.ts';
import { save } from './ui/download.ts';

export interface ClassWorkers {
  readonly engine: () => Engine & Tunable;
  readonly cutEngine: () => {
    readonly engine: Engine & Tunable;
    readonly proven: Promise<boolean>;
  };
}

type Given = Omit<ClassroomDeps, 'ground'> & { readonly workers: ClassWorkers };

const HASH_SLICE_BYTES = 4 * 2 ** 20;

export function openClassroom({ workers, ...deps }: Given): Classroom {
  const { store } = deps;
  return new Classroom({
    ...deps,
    ground: {
      ...workers,
      texts: idbClasses(),
      open: async (zip, signal) => (await openZip(zip, signal)).files,
      fetch: fetchFile,
      room: fetchRoom,
      origin: location.origin,
      zip: (pack, files) => {
        const text = `${JSON.stringify(pack, null, 1)}\n`;
        return zipClass(CLASS_FILE, text, files, store);
      },
      save,
      persist,
      survivesReload: () => survivesReload(deps.device),
      hash,
    },
  });
}

/** The answer is put together by the browser, which keeps large ones out of memory. */
async function fetchFile(
  address: string,
  signal: AbortSignal,
  tell: (bytes: number) => void,
): Promise<File> {
  const failed = (status: number | null) =>
    refuse({ code: 'file-unreachable', file: address, status });
  if (!URL.canParse(address, document.baseURI)) return failed(null);
  const url = new URL(address, document.baseURI);
  if (!/^https?:$/u.test(url.protocol)) return failed(null);
  const response = await fetch(url, { signal }).catch(() => failed(null));
  if (!response.ok || response.body === null) return failed(response.status);
  // A server that answers any address with its page has no class there.
  if (response.headers.get('Content-Type')?.includes('text/html')) return failed(404);
  let bytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        tell((bytes += chunk.byteLength));
        controller.enqueue(chunk);
      },
    }),
  );
  const blob = await new Response(counted).blob().catch(() => failed(null));
  return new File([blob], url.pathname.split('/').at(-1) ?? 'clase.zip');
}

async function fetchRoom(address: string): Promise<Room | null> {
  try {
    const response = await fetch(new URL(address, document.baseURI));
    return response.ok ? parseRoom(await response.text()) : null;
  } catch {
    return null;
  }
}

async function persist(): Promise<boolean> {
  const storage = navigator.storage as StorageManager | undefined;
  return (await storage?.persist().catch(() => false)) ?? false;
}

/** Whether the service worker holds every file of the app, once it was asked for what is missing. */
async function survivesReload(device: ClassroomDeps['device']): Promise<boolean> {
  const host = browserHost(new URL('.', document.baseURI).href);
  if (!host || !(await host.open())) return false;
  const { gpu, jspi } = await device.load();
  const tiers = tiersFor({ gpu: gpu !== null && !gpu.software, jspi });
  const { missing } = await host.stock(tiers);
  for (const { path } of missing) {
    if ((await host.keep(path)) !== 'kept') return false;
  }
  return true;
}

async function hash(blob: Blob): Promise<string> {
  const sha256 = await createSHA256();
  sha256.init();
  for (let start = 0; start < blob.size; start += HASH_SLICE_BYTES) {
    const slice = blob.slice(start, start + HASH_SLICE_BYTES);
    sha256.update(new Uint8Array(await slice.arrayBuffer()));
  }
  return sha256.digest('hex');
}
