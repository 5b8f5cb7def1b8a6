/**
 * What an opened source holds, what building it would cost and whether it would run here. Reads
 * configurations, cards, tokenizers and the headers of weights; never a weight.
 */
import type { Device } from '../domain/device.ts';
import type { Preflight } from '../domain/preflight.ts';
import { readCard } from './card.ts';
import { Findings } from './findings.ts';
import { inspectAdapter } from './inspect-adapter.ts';
import { inspectCheckpoint } from './inspect-checkpoint.ts';
import { inspectOnnx } from './inspect-onnx.ts';
import type { Facts, Inspection } from './inspection.ts';
import { inspectPackage, isPackage } from './inspect-package.ts';
import { onnxFacts } from './onnx-folder.ts';
import type { OpenedSource } from './opened.ts';
import { hasWeights } from './weight-files.ts';

/** @param freeBytes what the browser would still store; null where it does not say */
export async function preflight(
  opened: OpenedSource,
  device: Device,
  signal: AbortSignal,
  freeBytes: number | null = null,
): Promise<Preflight> {
  const card = await readCard(opened.files, signal);
  const findings = new Findings();
  if (card.damage !== null) findings.add('note', { code: 'card-damaged', detail: card.damage });
  const facts = await inspect({ opened, device, card, findings, signal });
  noteLicense(findings, facts);
  noteRoom(findings, facts, freeBytes);
  return { ...facts, findings: findings.sorted() };
}

/** What is ready comes first; weights that Patio builds from, before ONNX files beside them. */
function inspect(inspection: Inspection): Promise<Facts> {
  const { files } = inspection.opened;
  if (isPackage(inspection.opened)) return inspectPackage(inspection);
  if (hasWeights(files)) return inspectCheckpoint(inspection);
  if (files.has('adapter_config.json')) return inspectAdapter(inspection);
  const onnx = onnxFacts(files);
  return onnx === null ? inspectCheckpoint(inspection) : inspectOnnx(inspection, onnx);
}

const NONCOMMERCIAL = /(?:^|[-_])nc(?:[-_]|$)|non-?commercial|research/iu;

function noteLicense(findings: Findings, { license, base, kind }: Facts): void {
  if (license === null) findings.add('warn', { code: 'license-missing' });
  else if (NONCOMMERCIAL.test(license)) {
    findings.add('note', { code: 'license-noncommercial', license });
  }
  if (base !== null && kind !== 'adapter') {
    findings.add('note', { code: 'license-base', base: base.name, license: base.license });
  }
}

/** Beyond this a download is worth a word before it starts. */
const LARGE_DOWNLOAD = 500_000_000;

function noteRoom(
  findings: Findings,
  { variants, chosen, downloadBytes }: Facts,
  freeBytes: number | null,
): void {
  const needBytes = variants.find(({ id }) => id === chosen)?.storedBytes ?? 0;
  if (freeBytes !== null && needBytes > freeBytes) {
    findings.add('stop', { code: 'storage-short', needBytes, freeBytes });
  }
  if (downloadBytes > LARGE_DOWNLOAD) {
    findings.add('note', { code: 'download-large', bytes: downloadBytes });
  }
}
