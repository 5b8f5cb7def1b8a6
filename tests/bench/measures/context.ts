/** How much of its speed a decoder keeps when its text is long. */
import type { Bench, Figures, Outcome } from '../bench.ts';
import { Rounds, tokensPerSecond } from '../statistics.ts';
import { Texts } from '../texts.ts';
import { plain, withGroups } from './groups.ts';

const LENGTHS = { short: 64, long: 1000 } as const;
const TOKENS = 64;

export function measureContext(bench: Bench): Promise<Outcome> {
  return withGroups(bench, async (groups) => {
    const texts = new Texts(4);
    const rounds = new Rounds();
    for (let round = 0; round < bench.options.runs; round += 1) {
      for (const [name, length] of Object.entries(LENGTHS)) {
        const asks = [plain(texts.of(length))];
        for (const [id, answer] of groups) {
          const [row] = await answer({ kind: 'text-generation', asks, tokens: TOKENS });
          if (row !== undefined) rounds.note(`${id}.${name}`, tokensPerSecond(row.sample));
        }
      }
    }
    const figures: Figures = {};
    if (rounds.has('patio.long')) figures['context'] = rounds.ratio('patio.long', 'patio.short');
    if (rounds.has('wllama.long')) {
      figures['wllama.context'] = rounds.ratio('wllama.long', 'wllama.short');
    }
    if (rounds.has('patio.long') && rounds.has('wllama.long')) {
      figures['patio/wllama.long'] = rounds.ratio('patio.long', 'wllama.long');
    }
    return { figures, raw: rounds.raw };
  });
}
