/** What asking several prompts at once gains over asking one. */
import type { Bench, Figures, Outcome } from '../bench.ts';
import { Rounds, throughput } from '../statistics.ts';
import { Texts } from '../texts.ts';
import { plain, withGroups } from './groups.ts';

const SIZES = [2, 4, 8] as const;
/** Of different lengths, as prompts are. */
const PROMPT_TOKENS = [24, 16, 32, 20, 28, 18, 30, 22] as const;

export function measureBatch(bench: Bench): Promise<Outcome> {
  return withGroups(bench, async (groups) => {
    const texts = new Texts(1);
    const rounds = new Rounds();
    const together: number[] = [];
    for (let round = 0; round < bench.options.runs; round += 1) {
      for (const size of [1, ...SIZES]) {
        // The same prompts for both, and new ones each time.
        const asks = PROMPT_TOKENS.slice(0, size).map((tokens) => plain(texts.of(tokens)));
        for (const [id, answer] of groups) {
          const { tokens } = bench.options;
          const rows = await answer({ kind: 'text-generation', asks, tokens });
          rounds.note(`${id}.${String(size)}`, throughput(rows));
          if (id === 'patio') together.push(Math.max(...rows.map((row) => row.together)));
        }
      }
    }
    return { figures: figuresOf(rounds), raw: { ...rounds.raw, together } };
  });
}

function figuresOf(rounds: Rounds): Figures {
  const figures: Figures = {};
  for (const [id, prefix] of [
    ['patio', ''],
    ['wllama', 'wllama.'],
  ] as const) {
    if (!rounds.has(`${id}.1`)) continue;
    figures[`throughput.${id}.1`] = rounds.median(`${id}.1`);
    for (const size of SIZES) {
      const own = `${id}.${String(size)}`;
      figures[`throughput.${own}`] = rounds.median(own);
      figures[`${prefix}batch.${String(size)}`] = rounds.ratio(own, `${id}.1`);
    }
  }
  if (!rounds.has('patio.1') || !rounds.has('wllama.1')) return figures;
  for (const size of [1, ...SIZES]) {
    const name = String(size);
    figures[`patio/wllama.batch.${name}`] = rounds.ratio(`patio.${name}`, `wllama.${name}`);
  }
  return figures;
}
