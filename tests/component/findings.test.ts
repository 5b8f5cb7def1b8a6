import { expect, test } from 'vitest';
import type { Finding, FindingCode } from '../../src/domain/preflight.ts';
import { findingText, LOCALES } from '../../src/i18n/index.ts';
import { MESSAGES } from '../support/messages.ts';

/** One of each code; a new code does not compile until it is here. */
const EVERY: { readonly [Code in FindingCode]: Extract<Finding, { code: Code }> } = {
  refused: {
    ...{ severity: 'stop', code: 'refused' },
    failure: { code: 'checkpoint-missing', file: 'config.json' },
  },
  'weights-missing': { severity: 'stop', code: 'weights-missing' },
  'weights-foreign': {
    severity: 'stop',
    code: 'weights-foreign',
    files: ['tf_model.h5', 'a.gguf'],
  },
  pickle: { severity: 'note', code: 'pickle' },
  leftovers: { severity: 'note', code: 'leftovers', bytes: 5e8 },
  'tokenizer-missing': { severity: 'stop', code: 'tokenizer-missing' },
  'tokenizer-unreadable': { severity: 'stop', code: 'tokenizer-unreadable', detail: 'x.model' },
  'tokenizer-converted': { severity: 'note', code: 'tokenizer-converted', files: ['vocab.txt'] },
  'tokenizer-foreign': { severity: 'stop', code: 'tokenizer-foreign', tokens: 9, rows: 5 },
  'chat-template-missing': { severity: 'note', code: 'chat-template-missing' },
  'license-missing': { severity: 'warn', code: 'license-missing' },
  'license-noncommercial': {
    ...{ severity: 'note', code: 'license-noncommercial', license: 'cc-by-nc-4.0' },
  },
  'license-base': { severity: 'note', code: 'license-base', base: 'a/b', license: 'mit' },
  'base-needed': { severity: 'note', code: 'base-needed', base: 'a/b' },
  'too-large': { severity: 'stop', code: 'too-large', needBytes: 9e9, haveBytes: 2e9 },
  'gpu-only': { severity: 'note', code: 'gpu-only', needBytes: 9e9, haveBytes: 2e9 },
  'storage-short': { severity: 'stop', code: 'storage-short', needBytes: 9e9, freeBytes: 2e9 },
  'download-large': { severity: 'note', code: 'download-large', bytes: 9e8 },
  quantized: { severity: 'note', code: 'quantized', method: 'bitsandbytes nf4' },
  'context-capped': { severity: 'note', code: 'context-capped', trained: 131072, used: 32768 },
  'zip-unpacked': { severity: 'note', code: 'zip-unpacked', bytes: 9e8 },
  'onnx-task-unknown': { severity: 'stop', code: 'onnx-task-unknown' },
  'card-damaged': { severity: 'note', code: 'card-damaged', detail: 'YAML' },
};

const cases = LOCALES.flatMap((locale) =>
  Object.values(EVERY).map((finding) => [locale, finding.code, finding] as const),
);

test.each(cases)('%s: %s says what was found and what to do', (locale, _, finding) => {
  const { what, todo } = findingText(MESSAGES[locale].findings, finding);
  for (const sentence of [what, todo]) {
    expect(sentence).toMatch(/^\p{Lu}.*\.$/su);
    expect(sentence).not.toMatch(/undefined|null|NaN|\[object/u);
  }
  expect(todo).not.toBe(what);
  for (const [key, value] of Object.entries(finding)) {
    if (typeof value === 'number' || ['code', 'severity', 'failure'].includes(key)) continue;
    for (const part of [value].flat()) expect(what).toContain(String(part));
  }
});

test.each(LOCALES)('%s: a base model without a known licence is named all the same', (locale) => {
  const { what } = findingText(MESSAGES[locale].findings, {
    ...EVERY['license-base'],
    license: null,
  });
  expect(what).toContain('a/b');
  expect(what).not.toContain('null');
});
