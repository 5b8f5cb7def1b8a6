/** Two ports for one room: the secure one for pages, the plain one for tools and for who comes by mistake. */
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { lanAddresses, namesOf } from './addresses.ts';
import { certificateFor } from './certificate.ts';
import { siteHandler, type Site } from './handler.ts';
import { Traffic } from './traffic.ts';
import { plainVisitor, secureVisitor } from './welcome.ts';

export interface Serving {
  readonly folder: string;
  readonly app: string | null;
  /** What to listen on: `0.0.0.0` for every network of this machine. */
  readonly host: string;
  /** 0 for any free one. */
  readonly securePort: number;
  readonly plainPort: number;
}

export interface RoomServer {
  readonly securePort: number;
  readonly plainPort: number;
  /** Addresses in the local network; empty where only this machine is listened to. */
  readonly addresses: readonly string[];
  /** PEM of the authority that signed the certificate. */
  readonly authority: string;
  readonly traffic: Traffic;
  close(): Promise<void>;
}

/** Rejects with Node's own error where a port is taken. */
export async function serveRoom(serving: Serving): Promise<RoomServer> {
  const { folder, app, host } = serving;
  const addresses = host === '0.0.0.0' || host === '::' ? lanAddresses() : lanAddressOf(host);
  const certificate = await certificateFor(folder, namesOf(addresses));
  const { key, cert, authority } = certificate;
  const site: Site = { folder, app, traffic: new Traffic() };
  const secure = createSecure({ key, cert }, siteHandler(site, secureVisitor(authority)));
  const securePort = await listen(secure, serving.securePort, host);
  const plain = createPlain(siteHandler(site, plainVisitor(securePort, authority)));
  const plainPort = await listen(plain, serving.plainPort, host).catch(async (error: unknown) => {
    await close(secure);
    throw error;
  });
  return {
    ...{ securePort, plainPort, addresses, authority, traffic: site.traffic },
    close: async () => void (await Promise.all([close(secure), close(plain)])),
  };
}

function lanAddressOf(host: string): string[] {
  return lanAddresses().filter((address) => address === host);
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
