/**
 * Whether a freshly stored model answers as it must on this device. Nothing here knows what is right:
 * it compares the model with itself, where two ways have to give the same answer.
 */
import type { BuildPhase } from '../src/domain/build.ts';
import type { CheckOrder, Tell } from '../src/engine/build-channel.ts';
import type { PackageCheck, PackageStore } from '../src/storage/packages.ts';
import { agree } from './checks.ts';
import { loadModel, type LoadedModel } from './loaded-model.ts';

const PHASE: BuildPhase = 'check';

export async function checkPackage(
  order: CheckOrder,
  store: () => PackageStore,
  tell: Tell,
  signal: AbortSignal,
): Promise<PackageCheck> {
  const say = (doneBytes: number, totalBytes: number) =>
    tell({ phase: PHASE, doneBytes, totalBytes, secondsLeft: null });
  say(0, 0);
  const load = (place: CheckOrder) =>
    loadModel(place, store, signal, (_, loaded, total) => say(loaded, total));
  const model = await load(order);
  const failed = await model.check(order, signal);
  if (order.backend === 'gpu' && failed.length === 0) {
    const onCpu = await load({ ...order, backend: 'cpu' });
    if (!(await sameAnswer(model, onCpu, order, signal))) failed.push('gpu');
  }
  const at = Date.now();
  return failed.length === 0 ? { status: 'passed', at } : { status: 'failed', at, failed };
}

/** The same weights on the two devices say the same, up to rounding. */
async function sameAnswer(
  one: LoadedModel,
  other: LoadedModel,
  order: CheckOrder,
  signal: AbortSignal,
): Promise<boolean> {
  const [a, b] = [await one.sample(order, signal), await other.sample(order, signal)];
  return (
    a.length === b.length && a.every((row, index) => agree(row, b[index] ?? new Float32Array()))
  );
}
