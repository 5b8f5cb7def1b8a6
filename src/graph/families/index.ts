import { entry } from './family';
import type { FamilyEntry } from './family';
import { llama } from './llama';

/** Every family that Patio builds. */
export const FAMILIES: readonly FamilyEntry[] = [entry(llama)];
