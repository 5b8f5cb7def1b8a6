/** Who downloads what, on the terminal: one line for each machine. */
import type { ClientState, Traffic } from './traffic.ts';

const EVERY_MS = 1000;
/** Where lines cannot be drawn over, they are written less often, and only those that changed. */
const EVERY_PLAIN_MS = 5000;

/** Until it is told to stop. */
export function showTraffic(traffic: Traffic, output: NodeJS.WriteStream): () => void {
  const draw = output.isTTY ? drawer(traffic, output) : writer(traffic, output);
  const timer = setInterval(draw, output.isTTY ? EVERY_MS : EVERY_PLAIN_MS);
  return () => clearInterval(timer);
}

/** Draws over what it drew before; those that download come first where not all fit. */
function drawer(traffic: Traffic, output: NodeJS.WriteStream): () => void {
  let drawn = 0;
  return () => {
    const all = traffic.states().sort((a, b) => Number(b.active) - Number(a.active));
    const shown = all.slice(0, Math.max(1, output.rows - 3));
    const more = all.length > shown.length ? [`… y ${String(all.length - shown.length)} más`] : [];
    const lines = [...shown.map(lineOf), ...more].map((line) => line.slice(0, output.columns - 1));
    const up = drawn === 0 ? '' : `\u001b[${String(drawn)}A`;
    output.write(`${up}\u001b[J${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
}

function writer(traffic: Traffic, output: NodeJS.WriteStream): () => void {
  const before = new Map<string, string>();
  return () => {
    for (const client of traffic.states()) {
      const line = lineOf(client);
      if (before.get(client.address) !== line) output.write(`${line}\n`);
      before.set(client.address, line);
    }
  };
}

/** Names come from addresses of the room's own list, so none can draw on the terminal. */
export function lineOf({ address, file, at, size, active, sent, files }: ClientState): string {
  const percent = size === 0 ? 100 : Math.floor((100 * at) / size);
  const name = file.replace(/\/resolve\/[0-9a-f]{40}\//u, ' · ');
  const now = `${active ? '↓' : percent === 100 ? '✓' : '·'} ${String(percent).padStart(3)} %`;
  return `${address.padEnd(15)} ${now}  ${megabytes(sent).padStart(9)}  ${String(files)} arch.  ${name}`;
}

export function megabytes(bytes: number): string {
  const digits = bytes >= 1e7 ? 0 : bytes >= 1e5 ? 1 : 3;
  return `${(bytes / 1e6).toLocaleString('es', { maximumFractionDigits: digits })} MB`;
}
