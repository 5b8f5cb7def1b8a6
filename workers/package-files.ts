/** Where the files of a package are read from; the same answer, whoever keeps them. */
import { FailureError } from '../src/domain/failure.ts';
import type { Source } from '../src/domain/model.ts';
import type { PackageStore } from '../src/storage/packages.ts';
import { crossing } from './boundary.ts';

export interface PackageFiles {
  /** A file that is not there is an answer that is not `ok`. */
  get(path: string, signal: AbortSignal): Promise<Response>;
  /** The file itself, unread, where this browser keeps it. */
  readonly blob?: (path: string) => Promise<Blob>;
}

/** @param store opened only where a package of this browser's storage is asked for */
export function packageFiles(source: Source, store: () => PackageStore): PackageFiles {
  return source.kind === 'bundled' ? served(source.path) : stored(source.id, store());
}

/** @param base absolute address of the package's folder */
function served(base: string): PackageFiles {
  return {
    get: (path, signal) =>
      crossing(
        () => fetch(new URL(path, base), { signal }),
        () => ({ code: 'file-unreachable', file: path, status: null }),
      ),
  };
}

function stored(id: string, store: PackageStore): PackageFiles {
  return {
    blob: (path) => store.read(id, path),
    get: async (path, signal) => {
      signal.throwIfAborted();
      try {
        return new Response(await store.read(id, path));
      } catch (error) {
        const isMissing =
          error instanceof FailureError && error.failure.code === 'checkpoint-missing';
        if (isMissing) return new Response(null, { status: 404 });
        throw error;
      }
    },
  };
}
