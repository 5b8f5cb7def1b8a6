/**
 * Some of the machines of a class, in one process: each downloads every file of a repository by ranges
 * over one connection of its own, hashes it on the way and keeps nothing.
 * Started by `mirror.ts` with the work as JSON; prints what came as JSON.
 */
import { createHash } from 'node:crypto';
import { Agent as PlainAgent, get as plainGet, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, get as secureGet } from 'node:https';

export interface Work {
  /** Of the server, without a final slash. */
  readonly base: string;
  /** PEM that the certificate must be signed by; null over plain HTTP. */
  readonly ca: string | null;
  readonly clients: number;
  /** Bytes asked for at once. */
  readonly range: number;
  readonly files: readonly {
    readonly url: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

export interface Came {
  readonly bytes: number;
  readonly requests: number;
  /** Files whose hash was right, and those whose was not. */
  readonly right: number;
  readonly wrong: number;
}

async function download(work: Work): Promise<Came> {
  const agent = agentOf(work);
  let [bytes, requests, right] = [0, 0, 0];
  for (const file of work.files) {
    const hash = createHash('sha256');
    for (let start = 0; start < file.bytes; start += work.range) {
      const end = Math.min(start + work.range, file.bytes);
      const response = await ask(work.base + file.url, start, end, agent);
      for await (const chunk of response) {
        hash.update(chunk as Buffer);
        bytes += (chunk as Buffer).length;
      }
      requests += 1;
    }
    if (hash.digest('hex') === file.sha256) right += 1;
  }
  agent.destroy();
  return { bytes, requests, right, wrong: work.files.length - right };
}

function agentOf({ ca }: Work): PlainAgent {
  const one = { keepAlive: true, maxSockets: 1 };
  return ca === null ? new PlainAgent(one) : new SecureAgent({ ...one, ca });
}

function ask(url: string, start: number, end: number, agent: PlainAgent): Promise<IncomingMessage> {
  const headers = { Range: `bytes=${String(start)}-${String(end - 1)}` };
  const get = url.startsWith('https:') ? secureGet : plainGet;
  return new Promise((resolve, reject) => {
    const sent = get(url, { agent, headers }, (response) => {
      if (response.statusCode === 206) resolve(response);
      else reject(new Error(`${String(response.statusCode)} ${url}`));
    });
    sent.on('error', reject);
  });
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const work = JSON.parse(Buffer.concat(chunks).toString()) as Work;
  const all = await Promise.all(Array.from({ length: work.clients }, () => download(work)));
  const sum = (pick: (came: Came) => number) => all.reduce((total, came) => total + pick(came), 0);
  const came: Came = {
    bytes: sum(({ bytes }) => bytes),
    requests: sum(({ requests }) => requests),
    right: sum(({ right }) => right),
    wrong: sum(({ wrong }) => wrong),
  };
  console.log(JSON.stringify(came));
}

await main();
