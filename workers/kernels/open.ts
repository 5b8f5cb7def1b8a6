/** A decoder on the CPU, where its graph asks for nothing that the kernels do not have. */
import { crossing } from '../boundary.ts';
import type { GraphSession } from '../session.ts';
import type { WeightsFile } from '../weights.ts';
import { readGraph } from './graph-file.ts';
import { kernelFailure } from './kernel-failure.ts';
import { weightBytes } from './place-weights.ts';
import { compile, type Program } from './program.ts';
import { openKernelSession } from './session.ts';
import { createKernels } from './wasm-kernels.ts';

/** Room to work in, beside the weights; the memory grows where texts need more. */
const WORK_BYTES = 2 ** 20;

/** @returns null where nodes of the graph have no kernel; nothing has been read of its weights then */
export function programOf(model: Uint8Array): Program | null {
  const file = readGraph(model);
  const compiled = file && compile(file);
  return compiled?.type === 'program' ? compiled.program : null;
}

export interface ProgramFiles {
  readonly weights: WeightsFile;
  /** Outputs that the next run takes in again. */
  readonly recurrent: readonly string[];
}

export async function openProgram(
  program: Program,
  { weights, recurrent }: ProgramFiles,
  threads: number,
  signal: AbortSignal,
): Promise<GraphSession> {
  const initialBytes = weightBytes(program) + WORK_BYTES;
  const kernels = await crossing(() => createKernels({ initialBytes, threads }), kernelFailure);
  return openKernelSession(program, weights, recurrent, kernels, signal);
}
