/** How machines of the local network reach this one. */
import { hostname, networkInterfaces } from 'node:os';
import { isPrivate, type Names } from './certificate.ts';

/** IPv4 addresses of this machine in its networks; those of containers and virtual machines last. */
export function lanAddresses(): string[] {
  const found = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({
        address,
        virtual: /^(?:docker|br-|veth|virbr|vmnet|vboxnet|tun|utun)/u.test(name),
      })),
  );
  return found.sort((a, b) => Number(a.virtual) - Number(b.virtual)).map(({ address }) => address);
}

/** What the certificate must hold for all of them. */
export function namesOf(addresses: readonly string[]): Names {
  const name = hostname().toLowerCase().split('.')[0] ?? '';
  const local = /^[a-z0-9-]+$/u.test(name) ? [`${name}.local`] : [];
  return {
    dns: ['localhost', ...local],
    ips: ['127.0.0.1', '::1', ...addresses.filter(isPrivate)],
  };
}
