import { Asking } from './support/models.ts';
import { expect, test } from './support/test.ts';

// What answers is what was loaded, and not what was kept.
test.use({ serviceWorkers: 'block' });

/** The two classifiers that come with the page: the columns in which this task begins. */
const MODELS = ['jilguero-estilos', 'jilguero-temas'] as const;
const NAMES = ['Jilguero de estilos', 'Jilguero de temas'] as const;

test('both models of a page that was only opened answer with the network cut', async ({
  patio,
  page,
  context,
  watch,
}) => {
  watch.forgive(/ERR_INTERNET_DISCONNECTED/u);
  await page.addInitScript(() => {
    localStorage.setItem('patio.task', 'text-classification');
  });
  await page.goto('./');
  // Each has a Worker of its own, which asks for the runtime when it has the weights.
  let seen = 0;
  const isAllThere = () => {
    const isQuiet = watch.open === 0 && watch.requests.length === seen;
    seen = watch.requests.length;
    return isQuiet && MODELS.every((model) => watch.requestsFor(`${model}/onnx/`).length === 2);
  };
  await expect.poll(isAllThere, { timeout: 60_000, intervals: [1000] }).toBe(true);
  await context.setOffline(true);
  const asked = watch.requests.length;

  const asking = new Asking(patio, 'text-classification');
  await asking.ask('Todos tienen derecho a la educación, según dispone el artículo siguiente.');
  const first = await Promise.all(NAMES.map((name) => asking.cell(name).textContent()));
  for (const answer of first) expect(answer).toMatch(/\d\s%/u);
  // The two take turns: neither is loaded again for the next question.
  await asking.ask('Se pone la harina en un cuenco y se añaden dos huevos.');
  const second = await Promise.all(NAMES.map((name) => asking.cell(name).textContent()));
  for (const [at, answer] of second.entries()) expect(answer).not.toBe(first[at]);
  const later = watch.requests.slice(asked).filter((url) => !url.includes('favicon'));
  expect(later).toEqual([]);
});
