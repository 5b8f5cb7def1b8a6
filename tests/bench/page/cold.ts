/** A page that does nothing but start: from the opening of the page to Patio's first token. */
import type { Task } from './contract.ts';
import { batchOf, lastEvent, startEngine } from './patio.ts';

async function measure(task: Task): Promise<number> {
  let firstAt = NaN;
  await lastEvent(startEngine(), batchOf({ ...task, tokens: 1 }, null), (event) => {
    // The clock of a page begins when the page is opened.
    if (event.type === 'tokens') firstAt = performance.now();
  });
  return firstAt;
}

const task = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Task;
Object.assign(window, { cold: measure(task) });
