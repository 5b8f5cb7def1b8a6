/**
 * The room's certificate, made on the spot and kept. A small authority signs it, so that a machine can
 * be told once to trust the room: service workers ask for that. The authority can vouch for private
 * addresses and `.local` names alone: whoever steals its key from a laptop cannot pose as a bank.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { PRIVATE_FOLDER, nullWhenMissing, writeWhole } from './room-folder.ts';

/** PEM texts; `cert` is followed by the authority's. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The authority's, to be installed on machines that shall trust the room. */
  readonly authority: string;
}

export interface Names {
  readonly dns: readonly string[];
  readonly ips: readonly string[];
}

const CRYPTO = webcrypto as unknown as Crypto;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400_000;
/** Safari takes no more than 825 days. */
const LEAF_DAYS = 800;
const AUTHORITY_DAYS = 3650;
/** Renewed this long before its end, so that it does not end in the middle of a class. */
const MARGIN_DAYS = 14;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const FILES = {
  key: 'sala.key',
  cert: 'sala.pem',
  authority: 'autoridad.pem',
  authorityKey: 'autoridad.key',
};

/** The certificate of the room for these names: the one of last time where it covers them all. */
export async function certificateFor(folder: string, names: Names): Promise<Certificate> {
  x509.cryptoProvider.set(CRYPTO);
  const [key, cert, authority] = await Promise.all(
    [FILES.key, FILES.cert, FILES.authority].map((name) => readKept(folder, name)),
  );
  if (key && cert && authority && covers(cert, names)) return { key, cert, authority };
  const signer = (await keptAuthority(folder)) ?? (await makeAuthority(folder));
  return makeLeaf(folder, signer, names);
}

interface Signer {
  readonly cert: x509.X509Certificate;
  readonly key: CryptoKey;
}

async function keptAuthority(folder: string): Promise<Signer | null> {
  const [pem, keyPem] = await Promise.all(
    [FILES.authority, FILES.authorityKey].map((name) => readKept(folder, name)),
  );
  if (!pem || !keyPem) return null;
  const cert = new x509.X509Certificate(pem);
  if (!lasts(cert, LEAF_DAYS)) return null;
  const der = x509.PemConverter.decodeFirst(keyPem);
  return { cert, key: await CRYPTO.subtle.importKey('pkcs8', der, EC, false, ['sign']) };
}

async function makeAuthority(folder: string): Promise<Signer> {
  const keys = await CRYPTO.subtle.generateKey(EC, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=Sala de Patio ${serial().slice(0, 6)}`,
    ...validity(AUTHORITY_DAYS),
    signingAlgorithm: EC,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.Extension('2.5.29.30', true, privateNamesOnly()),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await keep(folder, FILES.authorityKey, await pemOfKey(keys.privateKey), 0o600);
  await keep(folder, FILES.authority, `${cert.toString('pem')}\n`);
  return { cert, key: keys.privateKey };
}

async function makeLeaf(folder: string, { cert: issuer, key }: Signer, names: Names) {
  const keys = await CRYPTO.subtle.generateKey(EC, true, ['sign', 'verify']);
  const { dns, ips } = names;
  const alternatives = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
  ];
  const leaf = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=Patio',
    issuer: issuer.subject,
    ...validity(LEAF_DAYS),
    signingAlgorithm: EC,
    publicKey: keys.publicKey,
    signingKey: key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension(alternatives),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  const authority = `${issuer.toString('pem')}\n`;
  const made = {
    key: await pemOfKey(keys.privateKey),
    cert: `${leaf.toString('pem')}\n${authority}`,
  };
  await keep(folder, FILES.key, made.key, 0o600);
  await keep(folder, FILES.cert, made.cert);
  return { ...made, authority };
}

function covers(pem: string, { dns, ips }: Names): boolean {
  const cert = new x509.X509Certificate(pem);
  const own = cert.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const has = (value: string) => own.some((name) => name.value === value);
  return [...dns, ...ips].every(has) && lasts(cert, MARGIN_DAYS);
}

function lasts({ notAfter }: x509.X509Certificate, days: number): boolean {
  return notAfter.getTime() > Date.now() + days * DAY;
}

/** From yesterday, for machines whose clock is late. */
function validity(days: number) {
  const now = Date.now();
  return { notBefore: new Date(now - DAY), notAfter: new Date(now + days * DAY) };
}

/** Positive, as the standard asks. */
function serial(): string {
  const bytes = CRYPTO.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

/** Address and mask of what may be in a private network: IPv4 of RFC 1918, 3927 and 1122, IPv6 of RFC 4193, 4291. */
const PRIVATE_RANGES = [
  ...[
    [10, 0, 0, 0, 255, 0, 0, 0],
    [172, 16, 0, 0, 255, 240, 0, 0],
  ],
  ...[
    [192, 168, 0, 0, 255, 255, 0, 0],
    [169, 254, 0, 0, 255, 255, 0, 0],
  ],
  [127, 0, 0, 0, 255, 0, 0, 0],
  [0xfc, ...zeros(15), 0xfe, ...zeros(15)],
  [0xfe, 0x80, ...zeros(14), 0xff, 0xc0, ...zeros(14)],
  [...zeros(15), 1, ...zeros(16).fill(255)],
];

export function isPrivate(ip: string): boolean {
  if (ip.includes(':')) return /^(?:f[cd]|fe[89ab]|::1$)/iu.test(ip);
  const bytes = ip.split('.').map(Number);
  return PRIVATE_RANGES.filter(({ length }) => length === 8).some((range) =>
    bytes.every((byte, at) => (byte & (range[at + 4] ?? 0)) === range[at]),
  );
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

/** NameConstraints of RFC 5280, 4.2.1.10, which the library has no class for: [0] of subtrees. */
function privateNamesOnly(): Uint8Array<ArrayBuffer> {
  const dns = ['localhost', 'local'].map((name) => der(0x82, [...Buffer.from(name)]));
  const ips = PRIVATE_RANGES.map((range) => der(0x87, range));
  const subtrees = [...dns, ...ips].flatMap((name) => der(0x30, name));
  return new Uint8Array(der(0x30, der(0xa0, subtrees)));
}

function der(tag: number, content: readonly number[]): number[] {
  const { length } = content;
  if (length < 128) return [tag, length, ...content];
  const size = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return [tag, ...size, ...content];
}

async function pemOfKey(key: CryptoKey): Promise<string> {
  const bytes = await CRYPTO.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(bytes, 'PRIVATE KEY')}\n`;
}

function readKept(folder: string, name: string): Promise<string | null> {
  return readFile(join(folder, PRIVATE_FOLDER, name), 'utf8').catch(nullWhenMissing);
}

function keep(folder: string, name: string, text: string, mode?: number): Promise<void> {
  return writeWhole(join(folder, PRIVATE_FOLDER, name), text, mode);
}
