/** What the measures of several prompts share: a package with a long context, and who answers. */
import type { Page } from '@playwright/test';
import { withPage, type Bench } from '../bench.ts';
import { LONG, makePackage } from '../checkpoints.ts';
import type { Ask, GroupId, Request, Row } from '../page/contract.ts';

/** Puts a request to one contender. */
export type Answer = (request: Pick<Request, 'kind' | 'asks' | 'tokens'>) => Promise<Row[]>;

/** Loads the long package and, where it takes part, llama.cpp's file of the same shape. */
export async function withGroups<T>(
  { options, site, context, threads }: Bench,
  work: (groups: ReadonlyMap<GroupId, Answer>) => Promise<T>,
): Promise<T> {
  const made = await makePackage('long', LONG);
  const at = { threads, model: site.url + made.path, gguf: site.gguf };
  const ids = (['patio', 'wllama'] as const).filter((id) => options.contenders.includes(id));
  return withPage(context, site, async (page) => {
    const groups = new Map(ids.map((id) => [id, answerer(page, id, at)]));
    for (const answer of groups.values()) {
      await answer({ kind: 'text-generation', asks: [plain('Había una vez')], tokens: 16 });
    }
    return work(groups);
  });
}

function answerer(
  page: Page,
  id: GroupId,
  at: Pick<Request, 'threads' | 'model' | 'gguf'>,
): Answer {
  return async (request) => {
    const whole: Request = { ...at, ...request };
    const rows = await page.evaluate(([who, what]) => window.bench.answer(who, what), [
      id,
      whole,
    ] as const);
    const short = rows.find(({ tokens }) => tokens < request.tokens / 2);
    if (short === undefined) return rows;
    throw new Error(`${id} ended after ${String(short.tokens)} tokens; the prompt does not serve`);
  };
}

export function plain(prompt: string): Ask {
  return { prompt, history: [] };
}
