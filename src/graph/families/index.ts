import type { Architecture } from '../../checkpoint/architecture';
import type { Family } from './family';
import { llama } from './llama';

export const FAMILIES: {
  readonly [Name in Architecture['family']]: Family<Extract<Architecture, { family: Name }>>;
} = { llama };
