import { bert } from './bert';
import { bloom } from './bloom';
import { distilbert } from './distilbert';
import { electra } from './electra';
import { entry } from './family';
import type { FamilyEntry } from './family';
import { gptNeox } from './gpt-neox';
import { gpt2 } from './gpt2';
import { lfm2 } from './lfm2';
import { llama } from './llama';
import { phi } from './phi';
import { roberta } from './roberta';
import { t5 } from './t5';

/** Every family that Patio builds. */
export const FAMILIES: readonly FamilyEntry[] = [
  entry(llama),
  entry(gpt2),
  entry(gptNeox),
  entry(bloom),
  entry(phi),
  entry(lfm2),
  entry(bert),
  entry(roberta),
  entry(t5),
  entry(distilbert),
  entry(electra),
];
