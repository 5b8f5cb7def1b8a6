import { bert } from './bert';
import { entry } from './family';
import type { FamilyEntry } from './family';
import { llama } from './llama';
import { roberta } from './roberta';

/** Every family that Patio builds. */
export const FAMILIES: readonly FamilyEntry[] = [entry(llama), entry(bert), entry(roberta)];
