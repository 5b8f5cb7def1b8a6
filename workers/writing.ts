/** How an encoder–decoder writes its answer: token by token, or by beam search. */
import type { Timing } from '../src/domain/metrics.ts';
import type { Params } from '../src/domain/params.ts';
import type { Token } from '../src/domain/token.ts';
import type { Finish } from '../src/run/cell.ts';
import { Answer, describeToken, type Lettering } from './answer.ts';
import { BeamSearch, type Beam } from './beam-search.ts';
import { Constraints } from './constraints.ts';
import type { GenerationSettings } from './generation-settings.ts';
import { rankedAlready, rankLazily, type Ranking } from './ranking.ts';
import { needsAllLogits, penalize, type Scores } from './sampler.ts';
import { Seq2Seq, type Branches, type Seq2SeqGraphs } from './seq2seq.ts';
import { StopGate } from './stops.ts';
import type { TextStream } from './text-stream.ts';

export interface Writer extends Seq2SeqGraphs {
  readonly settings: GenerationSettings;
  readonly lettering: Lettering;
  /** How many of the best logits the graph gives. */
  readonly topCount: number;
}

export interface Request {
  readonly source: readonly number[];
  readonly params: Params;
  readonly seed: number;
}

export interface WritingHooks {
  isStopped(): boolean;
  /** Lets messages in; called between runs. */
  readonly breathe: () => Promise<void>;
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
  /** Text that will not be taken back, and the tokens that came with it. */
  onTokens(text: string, tokens: readonly Token[]): void;
}

export interface Written {
  readonly finish: Finish;
  readonly timing: Timing;
  readonly text: string;
  /** Of the answer, its first token included. */
  readonly ids: readonly number[];
}

/**
 * Several beams search for the most probable answer and leave nothing to chance; one beam draws, or
 * takes the best token where the temperature is 0.
 * @returns null where somebody stopped it
 */
export async function write(
  writer: Writer,
  request: Request,
  hooks: WritingHooks,
): Promise<Written | null> {
  const { params, source } = request;
  const maxLength = Math.min(1 + params.maxTokens, writer.model.context);
  const constraints = new Constraints(writer.settings, source, maxLength);
  const isSearch = params.beams > 1;
  const allLogits =
    !constraints.isIdle ||
    needsAllLogits(isSearch ? { ...params, temperature: 0 } : params, writer.topCount) ||
    (isSearch && writer.topCount < mostCandidates(writer, params));
  const graphs = new Seq2Seq(writer, allLogits);
  const branches = await graphs.open(source);
  const job = { writer, request, hooks, constraints, maxLength, graphs, branches };
  try {
    return await (isSearch ? search(job) : draw(job));
  } finally {
    graphs.close(branches);
  }
}

interface Job {
  readonly writer: Writer;
  readonly request: Request;
  readonly hooks: WritingHooks;
  readonly constraints: Constraints;
  readonly maxLength: number;
  readonly graphs: Seq2Seq;
  readonly branches: Branches;
}

async function draw(job: Job): Promise<Written | null> {
  const { writer, request, hooks, constraints, graphs, branches } = job;
  const { settings, lettering, model } = writer;
  const { params, seed, source } = request;
  const answer = new Answer({
    params,
    seed,
    lettering,
    prompt: [settings.start],
    eos: new Set(settings.ends),
    contextTokens: model.context,
    now: hooks.now,
  });
  const ids = [settings.start];
  for (;;) {
    await hooks.breathe();
    if (hooks.isStopped()) return null;
    const [scores] = await graphs.step(branches, ids.slice(-1));
    if (scores === undefined) throw new RangeError('a step scores its branch');
    const step = answer.take(scores, constrained(scores, constraints, ids));
    if (step.id !== null) ids.push(step.id);
    if (step.tokens.length > 0 || step.text !== '') hooks.onTokens(step.text, step.tokens);
    if (step.finish === null) continue;
    const timing = { ...answer.timing, promptTokens: source.length };
    return { finish: step.finish, timing, text: answer.text, ids };
  }
}

function constrained(scores: Scores, constraints: Constraints, ids: readonly number[]): Scores {
  if (scores.logits === null || constraints.isIdle) return scores;
  return { ...scores, logits: constraints.apply(scores.logits, ids) };
}

/** What all beams agree on is said at once, since every answer begins with it; the rest at the end. */
async function search(job: Job): Promise<Written | null> {
  const { writer, request, hooks, maxLength, graphs, branches } = job;
  const { settings } = writer;
  const { params, source } = request;
  const beams = new BeamSearch<Token>({ ...settings, beams: params.beams, maxLength });
  const teller = new Teller(writer, params, hooks);
  const startedAt = hooks.now();
  let firstAt = startedAt;
  while (!beams.isDone && !teller.isStopped) {
    await hooks.breathe();
    if (hooks.isStopped()) return null;
    const scores = await stepBeams(job, beams);
    if (firstAt === startedAt) firstAt = hooks.now();
    const origins = beams.advance(
      scores.map((each, at) => rankingOf(each, beams.running[at]?.ids ?? [], job)),
      (origin, id) => describeToken(id, scores[origin] as Scores, writer.lettering),
    );
    // The first step had one branch for all beams.
    if (beams.isDone) break;
    graphs.keep(branches, branches.count === 1 ? origins.map(() => 0) : origins);
    teller.tell(beams.running[0], beams.agreed);
  }
  const { best } = beams;
  const isEnded = settings.ends.includes(best.ids.at(-1) ?? -1);
  if (!teller.isStopped) teller.tell(best, best.ids.length - (isEnded ? 1 : 0));
  teller.end();
  const timing = {
    firstTokenMs: firstAt - startedAt,
    decodeMs: hooks.now() - firstAt,
    promptTokens: source.length,
    generatedTokens: teller.told,
  };
  const limit = teller.told >= params.maxTokens ? 'length' : 'context';
  const finish = teller.isStopped ? 'stop' : isEnded ? 'end' : limit;
  const ids = [settings.start, ...best.marks.slice(0, teller.told).map(({ id }) => id)];
  return { finish, timing, text: teller.text, ids };
}

/** Scores for every running beam; at first they are all alike, and one branch serves them. */
async function stepBeams({ graphs, branches }: Job, beams: BeamSearch<Token>): Promise<Scores[]> {
  const last = beams.running.map(({ ids }) => ids.at(-1) ?? 0);
  if (!branches.isFresh) return graphs.step(branches, last);
  const [first] = await graphs.step(branches, last.slice(0, 1));
  if (first === undefined) throw new RangeError('a step scores its branch');
  return last.map(() => first);
}

/** The reference penalises and constrains log-probabilities here, not logits. */
function rankingOf(
  { logits, topLogits, topIds, logNormalizer }: Scores,
  ids: readonly number[],
  { constraints, request }: Job,
): Ranking {
  const toLog = (logit: number) => logit - logNormalizer;
  if (logits === null) return rankedAlready(topIds, topLogits.map(toLog));
  const { repetitionPenalty } = request.params;
  const logs = logits.map(toLog);
  const fair = repetitionPenalty === 1 ? logs : penalize(logs, new Set(ids), repetitionPenalty);
  return rankLazily(constraints.isIdle ? fair : constraints.apply(fair, ids));
}

/** As many of each beam's tokens as a step may look at. */
function mostCandidates({ settings }: Writer, { beams }: Params): number {
  return Math.max(2, 1 + settings.ends.length) * beams;
}

/** Says an answer as far as it is certain, and no token twice. */
class Teller {
  readonly #hooks: WritingHooks;
  readonly #stream: TextStream;
  readonly #gate: StopGate;
  #told = 0;
  #text = '';

  constructor({ lettering, settings }: Writer, { stop }: Params, hooks: WritingHooks) {
    this.#hooks = hooks;
    this.#stream = lettering.stream([settings.start]);
    this.#gate = new StopGate(stop);
  }

  /** Tokens said, the first one not counted. */
  get told(): number {
    return this.#told;
  }

  get text(): string {
    return this.#text;
  }

  get isStopped(): boolean {
    return this.#gate.hit;
  }

  /** @param until how many tokens of the beam are certain, the first one counted */
  tell(beam: Beam<Token> | undefined, until: number): void {
    while (beam !== undefined && this.#told + 1 < until && !this.#gate.hit) {
      const token = beam.marks[this.#told];
      if (token === undefined) return;
      this.#told += 1;
      this.#say(this.#gate.push(this.#stream.push(token.id)), [token]);
    }
  }

  /** Gives out what may have been a stop string and was none. */
  end(): void {
    const rest = this.#gate.flush();
    if (rest !== '') this.#say(rest, []);
  }

  #say(text: string, tokens: readonly Token[]): void {
    this.#text += text;
    this.#hooks.onTokens(text, tokens);
  }
}
