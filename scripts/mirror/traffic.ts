/** Who downloads what: one entry for each machine that asked, by its address. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A machine, as the screen and `/estado` tell of it. */
export interface ClientState {
  readonly address: string;
  /** The file under way, or the last one. */
  readonly file: string;
  /** How far into the file, in bytes, and how large it is. */
  readonly at: number;
  readonly size: number;
  /** Whether something is under way. */
  readonly active: boolean;
  /** Bytes sent to this machine in all, and files that it received to their end. */
  readonly sent: number;
  readonly files: number;
}

interface Transfer {
  readonly file: string;
  /** First byte that was asked for, and the size of the whole file. */
  readonly start: number;
  readonly size: number;
  readonly length: number;
  readonly written: () => number;
}

interface Client {
  readonly transfers: Set<Transfer>;
  last: { readonly file: string; readonly at: number; readonly size: number };
  sent: number;
  files: number;
}

export class Traffic {
  readonly #clients = new Map<string, Client>();

  /** Counts an answer whose headers are set, from its first byte to its end. */
  watch(file: string, request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'HEAD') return;
    const client = this.#client(addressOf(request));
    const transfer = transferOf(file, request, response);
    client.transfers.add(transfer);
    response.once('close', () => {
      const sent = Math.min(transfer.written(), transfer.length);
      client.transfers.delete(transfer);
      client.sent += sent;
      client.last = { file, at: transfer.start + sent, size: transfer.size };
      if (response.writableFinished && transfer.start + sent === transfer.size) client.files += 1;
    });
  }

  states(): ClientState[] {
    return [...this.#clients].map(([address, client]) => stateOf(address, client));
  }

  #client(address: string): Client {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const client = {
      transfers: new Set<Transfer>(),
      last: { file: '', at: 0, size: 0 },
      sent: 0,
      files: 0,
    };
    this.#clients.set(address, client);
    return client;
  }
}

function transferOf(file: string, { socket }: IncomingMessage, response: ServerResponse): Transfer {
  const length = Number(response.getHeader('Content-Length') ?? 0);
  const part = /^bytes (\d+)-\d+\/(\d+)$/u.exec(String(response.getHeader('Content-Range') ?? ''));
  const before = socket.bytesWritten;
  return {
    ...{ file, length, start: Number(part?.[1] ?? 0), size: Number(part?.[2] ?? length) },
    // The count of the connection: what is only waiting in memory is in it, the kernel's part too.
    written: () => Math.max(0, socket.bytesWritten - before),
  };
}

function stateOf(address: string, { transfers, last, sent, files }: Client): ClientState {
  const underWay = [...transfers];
  const now = underWay.at(-1);
  const bytes = (transfer: Transfer) => Math.min(transfer.written(), transfer.length);
  const total = underWay.reduce((sum, transfer) => sum + bytes(transfer), sent);
  if (now === undefined) return { address, ...last, active: false, sent: total, files };
  const at = now.start + bytes(now);
  return { address, file: now.file, at, size: now.size, active: true, sent: total, files };
}

/** Without the prefix of addresses that arrive over IPv6. */
export function addressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '?').replace(/^::ffff:/u, '');
}
