import { bart, m2m100, mbart } from './bart';
import { bert } from './bert';
import { bloom } from './bloom';
import { debertaV2 } from './deberta-v2';
import { distilbert } from './distilbert';
import { electra } from './electra';
import { entry } from './family';
import type { FamilyEntry } from './family';
import { falcon } from './falcon';
import { gemma } from './gemma';
import { gemma2 } from './gemma2';
import { gemma3, gemma3Text } from './gemma3';
import { gptNeox } from './gpt-neox';
import { gpt2 } from './gpt2';
import { granite } from './granite';
import { lfm2 } from './lfm2';
import { llama } from './llama';
import { marian } from './marian';
import { mistral } from './mistral';
import { modernbert } from './modernbert';
import { phi } from './phi';
import { phi3 } from './phi3';
import { qwen2, qwen3 } from './qwen';
import { roberta } from './roberta';
import { smollm3 } from './smollm3';
import { t5 } from './t5';

/** Every family that Patio builds. */
export const FAMILIES: readonly FamilyEntry[] = [
  entry(llama),
  entry(mistral),
  entry(qwen2),
  entry(qwen3),
  entry(smollm3),
  entry(granite),
  entry(phi3),
  entry(gemma),
  entry(gemma2),
  entry(gemma3Text),
  entry(gemma3),
  entry(gpt2),
  entry(gptNeox),
  entry(bloom),
  entry(falcon),
  entry(phi),
  entry(lfm2),
  entry(bert),
  entry(roberta),
  entry(t5),
  entry(bart),
  entry(mbart),
  entry(m2m100),
  entry(marian),
  entry(distilbert),
  entry(electra),
  entry(debertaV2),
  entry(modernbert),
];
