import { isTerminal, partialOf, type CellId, type CellState } from './cell.ts';
import { rowsOf, type Experiment, type Prompt, type Row } from './experiment.ts';
import { LIMITS } from './limits.ts';
import { cellId, filledIn } from './plan.ts';

/**
 * The next turn of each conversation of a run: what was said and what each column answered become
 * history, and there is room for the next message. null where nothing was answered.
 *
 * @param ids of the new prompts
 */
export function followUp(
  experiment: Experiment,
  stateOf: (id: CellId) => CellState | undefined,
  ids: () => string,
): Experiment | null {
  const prompts = rowsOf(experiment).flatMap((row) => nextTurn(experiment, row, stateOf, ids));
  return prompts.length > 0 ? { ...experiment, prompts } : null;
}

function nextTurn(
  { columns }: Experiment,
  row: Row,
  stateOf: (id: CellId) => CellState | undefined,
  ids: () => string,
): Prompt[] {
  const answers = columns.flatMap((column) => {
    const state = stateOf(cellId(row, column));
    const text = state && isTerminal(state) ? (partialOf(state)?.text ?? '') : '';
    return text.trim() === '' ? [] : [[column.id, text.slice(0, LIMITS.textChars)] as const];
  });
  if (answers.length === 0) return [];
  const { prompt, fields } = filledIn(row);
  const turn = { text: prompt.slice(0, LIMITS.textChars), answers: Object.fromEntries(answers) };
  const history = [...row.prompt.history, turn].slice(-LIMITS.turns);
  return [{ id: ids(), text: '', table: [], fields, history }];
}
