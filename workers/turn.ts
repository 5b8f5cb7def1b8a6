/** Two tabs, one download: the first does the work, the others look on. */
import type { BuildProgress } from '../src/domain/build.ts';
import type { Tell } from '../src/engine/build-channel.ts';
import type { DownloadStore } from '../src/storage/downloads.ts';
import type { Release } from '../src/storage/package-locks.ts';

const ASK_EVERY_MS = 300;

export interface Turn {
  /** Whether another tab was at work before. */
  readonly waited: boolean;
  /** Tells this tab's page, and whoever looks on. */
  readonly tell: Tell;
  readonly end: Release;
}

export async function takeTurn(
  id: string,
  store: DownloadStore,
  tell: Tell,
  signal: AbortSignal,
): Promise<Turn> {
  const channel = new BroadcastChannel(`patio-download-${id}`);
  const look = ({ data }: MessageEvent<BuildProgress>) => tell({ ...data, note: 'other-tab' });
  channel.addEventListener('message', look);
  try {
    for (let waited = false; ; waited = true) {
      signal.throwIfAborted();
      const release = await store.lock(id);
      if (release !== null) return turn(channel, look, waited, tell, release);
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  } catch (error) {
    channel.close();
    throw error;
  }
}

function turn(
  channel: BroadcastChannel,
  look: (event: MessageEvent<BuildProgress>) => void,
  waited: boolean,
  tell: Tell,
  release: Release,
): Turn {
  channel.removeEventListener('message', look);
  return {
    waited,
    tell: (progress) => {
      tell(progress);
      channel.postMessage(progress);
    },
    end: () => {
      channel.close();
      release();
    },
  };
}
