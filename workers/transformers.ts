/**
 * Models that were made for transformers.js, run by transformers.js as they are: the only file that
 * touches it. Their files come out of this browser's storage; nothing is asked of the network. What is
 * said of a token is Patio's own in both ways of running: the library applies a model and keeps its
 * cache, and the choice of each token (which its own sampler makes without top-p, and without a seed of
 * the request) is forced upon it.
 */
import {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForMaskedLM,
  AutoModelForQuestionAnswering,
  AutoModelForSeq2SeqLM,
  AutoModelForSequenceClassification,
  AutoModelForTokenClassification,
  InterruptableStoppingCriteria,
  LogitsProcessor,
  LogitsProcessorList,
  Tensor,
  env,
  type PreTrainedModel,
} from '@huggingface/transformers';
import type { Backend } from '../src/domain/device.ts';
import { ONNX_DTYPE_IDS, ONNX_SUFFIXES, type OnnxDtypeId } from '../src/domain/onnx-dtypes.ts';
import type { HeadKind } from '../src/graph/head.ts';
import { crossing } from './boundary.ts';
import type { PackageFiles } from './package-files.ts';
import { suspendingBuild } from './runtime.ts';
import type { Feeds, GraphSession, GraphTensor } from './session.ts';

/** Nothing is ever asked of this address: every request for it is answered from storage. */
const NOWHERE = 'https://patio.invalid/';
const NAME = 'stored/model';

const CLASSES: Readonly<Record<HeadKind, typeof AutoModel>> = {
  'causal-lm': AutoModelForCausalLM,
  'seq2seq-lm': AutoModelForSeq2SeqLM,
  'masked-lm': AutoModelForMaskedLM,
  'sequence-classification': AutoModelForSequenceClassification,
  'token-classification': AutoModelForTokenClassification,
  'question-answering': AutoModelForQuestionAnswering,
  embedding: AutoModel,
};

/** A model as the library holds it. */
export type ForeignModel = PreTrainedModel;

export interface ForeignPlace {
  readonly head: HeadKind;
  readonly backend: Backend;
  readonly threads: number;
  /** Paths of the package's files. */
  readonly paths: readonly string[];
}

export async function loadForeign(
  files: PackageFiles,
  { head, backend, threads, paths }: ForeignPlace,
  signal: AbortSignal,
): Promise<PreTrainedModel> {
  setUp(files, threads, signal);
  return crossing(
    () =>
      CLASSES[head].from_pretrained(NAME, {
        dtype: dtypeOf(paths),
        device: backend === 'gpu' ? 'webgpu' : 'wasm',
      }),
    (detail) => ({ code: 'runtime-failed', detail }),
  );
}

function dtypeOf(paths: readonly string[]): OnnxDtypeId {
  const stem = /(?:^|\/)(?:model|encoder_model|decoder_model_merged)$/u;
  const found = ONNX_DTYPE_IDS.find((dtype) => {
    const ending = `${ONNX_SUFFIXES[dtype]}.onnx`;
    return paths.some((path) => path.endsWith(ending) && stem.test(path.slice(0, -ending.length)));
  });
  return found ?? 'fp32';
}

function setUp(files: PackageFiles, threads: number, signal: AbortSignal): void {
  env.allowLocalModels = false;
  env.allowRemoteModels = true;
  env.remoteHost = NOWHERE;
  env.useBrowserCache = false;
  env.useWasmCache = false;
  env.fetch = (input: string | URL) => answer(files, String(input), signal);
  const runtime = env.backends.onnx.wasm;
  if (runtime === undefined) throw new TypeError('transformers.js came without a runtime');
  runtime.wasmPaths = suspendingBuild();
  runtime.numThreads = threads;
}

/** Files of the model come from storage; the runtime's own from where the app lies. */
function answer(files: PackageFiles, url: string, signal: AbortSignal): Promise<Response> {
  if (!url.startsWith(NOWHERE)) return fetch(url);
  const path = /\/resolve\/[^/]+\/(.+)$/u.exec(url)?.[1] ?? '';
  return files.get(decodeURIComponent(path), signal);
}

/** Chooses the next token of one sequence from the logits of the whole vocabulary; null ends it. */
export type Choose = (logits: Float32Array) => number | null;

export interface Generation {
  readonly ids: readonly number[];
  /** Of a decoder, the prompt; of an encoder–decoder, what the encoder reads. */
  readonly choose: Choose;
  /** Asked between tokens. */
  readonly isStopped: () => boolean;
  readonly maxTokens: number;
}

/** Runs the library's own loop, each token chosen by `choose`. */
export async function generate(
  model: PreTrainedModel,
  { ids, choose, isStopped, maxTokens }: Generation,
): Promise<void> {
  const dims = [1, ids.length];
  const stop = new InterruptableStoppingCriteria();
  const processors = new LogitsProcessorList();
  processors.push(new Chooser(choose, isStopped, () => stop.interrupt()));
  await crossing(
    () =>
      model.generate({
        input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), dims),
        attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), dims),
        do_sample: false,
        repetition_penalty: 1,
        max_new_tokens: maxTokens,
        logits_processor: processors,
        stopping_criteria: stop,
      } as Parameters<PreTrainedModel['generate']>[0]),
    (detail) => ({ code: 'runtime-failed', detail }),
  );
}

/** Leaves the chosen token alone in the race, so that the library's greedy choice is ours. */
class Chooser extends LogitsProcessor {
  readonly #choose: Choose;
  readonly #isStopped: () => boolean;
  readonly #end: () => void;

  constructor(choose: Choose, isStopped: () => boolean, end: () => void) {
    super();
    this.#choose = choose;
    this.#isStopped = isStopped;
    this.#end = end;
  }

  override _call(_: bigint[][], logits: Tensor): Tensor {
    const scores = logits.data as Float32Array;
    const id = this.#isStopped() ? null : this.#choose(scores);
    if (id === null) {
      this.#end();
      return logits;
    }
    scores.fill(-Infinity);
    scores[id] = 0;
    return logits;
  }
}

/** A model of one pass, as the tasks of encoders know a graph. */
export function foreignSession(model: PreTrainedModel): GraphSession {
  const tensor = (
    type: 'int64' | 'float32',
    data: BigInt64Array | Float32Array,
    dims: readonly number[],
  ) => new Tensor(type, data, [...dims]) as GraphTensor;
  return {
    inputs: Object.values(model.sessions).flatMap(({ inputNames }) => inputNames),
    chunkTokens: Number.MAX_SAFE_INTEGER,
    run: (feeds: Feeds) =>
      crossing(
        async () => (await model(feeds)) as Feeds,
        (detail) => ({ code: 'runtime-failed', detail }),
      ),
    int64: (data, dims) => tensor('int64', data, dims),
    float32: (data, dims) => tensor('float32', data, dims),
    resident: (data, dims) => tensor('float32', data, dims),
  };
}
