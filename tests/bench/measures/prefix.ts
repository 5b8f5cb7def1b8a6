/** What it spares not to read again what was read before. */
import type { Bench, Figures, Outcome } from '../bench.ts';
import type { Ask, GroupId } from '../page/contract.ts';
import { Rounds, wholeMs } from '../statistics.ts';
import { Texts } from '../texts.ts';
import { plain, withGroups, type Answer } from './groups.ts';

const HISTORY_TOKENS = 1000;
const NEW_TOKENS = 32;
const ANSWER_TOKENS = 8;

/** Time to the first token of a second turn over that of its text alone. */
export function measureTurn(bench: Bench): Promise<Outcome> {
  return withGroups(bench, async (groups) => {
    const texts = new Texts(2);
    const rounds = new Rounds();
    for (let round = 0; round < bench.options.runs; round += 1) {
      const [history, added] = [texts.of(HISTORY_TOKENS), texts.of(NEW_TOKENS)];
      for (const [id, answer] of groups) await turns(rounds, id, answer, history, added);
    }
    const figures = figuresOf(rounds, 'turn', { above: 'turn', below: 'alone' });
    return { figures, raw: rounds.raw };
  });
}

async function turns(
  rounds: Rounds,
  id: GroupId,
  answer: Answer,
  history: string,
  added: string,
): Promise<void> {
  const ask = async (asked: Ask) => {
    const rows = await answer({ kind: 'chat', asks: [asked], tokens: ANSWER_TOKENS });
    return rows[0] as (typeof rows)[number];
  };
  const alone = await ask(plain(added));
  const first = await ask(plain(history));
  const turn = await ask({
    prompt: added,
    history: [
      { role: 'user', content: history },
      { role: 'assistant', content: first.sample.text },
    ],
  });
  rounds.note(`${id}.alone`, alone.sample.firstTokenMs);
  rounds.note(`${id}.first`, first.sample.firstTokenMs);
  rounds.note(`${id}.turn`, turn.sample.firstTokenMs);
  rounds.note(`${id}.reused`, turn.reusedTokens);
}

const PROMPTS = 8;
const SHARED_TOKENS = 500;
const OWN_TOKENS = 24;
const MATRIX_ANSWER_TOKENS = 16;
/** Each reads eight thousand tokens for every contender. */
const MOST_MATRIX_ROUNDS = 5;

/** Time for prompts with one beginning over that for as many, as long, with nothing in common. */
export function measureMatrix(bench: Bench): Promise<Outcome> {
  return withGroups(bench, async (groups) => {
    const texts = new Texts(3);
    const rounds = new Rounds();
    for (let round = 0; round < Math.min(bench.options.runs, MOST_MATRIX_ROUNDS); round += 1) {
      const beginning = texts.of(SHARED_TOKENS);
      const ends = texts.many(PROMPTS, OWN_TOKENS);
      const shared = ends.map((end) => plain(`${beginning} ${end}`));
      const apart = ends.map((end) => plain(`${texts.of(SHARED_TOKENS)} ${end}`));
      for (const [id, answer] of groups) {
        for (const [name, asks] of Object.entries({ apart, shared })) {
          const tokens = MATRIX_ANSWER_TOKENS;
          const rows = await answer({ kind: 'text-generation', asks, tokens });
          rounds.note(`${id}.${name}`, wholeMs(rows));
          const reused = rows.reduce((sum, row) => sum + row.reusedTokens, 0);
          rounds.note(`${id}.${name}.reused`, reused);
        }
      }
    }
    const figures = figuresOf(rounds, 'matrix', { above: 'shared', below: 'apart' });
    return { figures, raw: rounds.raw };
  });
}

function figuresOf(
  rounds: Rounds,
  name: string,
  { above, below }: { readonly above: string; readonly below: string },
): Figures {
  const figures: Figures = {};
  for (const [id, prefix] of [
    ['patio', ''],
    ['wllama', 'wllama.'],
  ] as const) {
    if (!rounds.has(`${id}.${above}`)) continue;
    figures[`${prefix}prefix.${name}`] = rounds.ratio(`${id}.${above}`, `${id}.${below}`);
    figures[`ms.${id}.${above}`] = rounds.median(`${id}.${above}`);
    figures[`ms.${id}.${below}`] = rounds.median(`${id}.${below}`);
  }
  if (rounds.has(`patio.${above}`) && rounds.has(`wllama.${above}`)) {
    figures[`wllama/patio.${name}`] = rounds.ratio(`wllama.${above}`, `patio.${above}`);
  }
  return figures;
}
