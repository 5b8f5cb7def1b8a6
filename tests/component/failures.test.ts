import { expect, test } from 'vitest';
import type { Failure, FailureCode } from '../../src/domain/failure.ts';
import { failureText, LOCALES } from '../../src/i18n/index.ts';
import { MESSAGES } from '../support/messages.ts';

/** One of each code; a new code does not compile until it is here. */
const EVERY: { readonly [Code in FailureCode]: Extract<Failure, { code: Code }> } = {
  'checkpoint-unsupported': { code: 'checkpoint-unsupported', what: 'rope', detail: 'yarn' },
  'checkpoint-damaged': { code: 'checkpoint-damaged', file: 'a.bin', detail: 'corto' },
  'checkpoint-missing': { code: 'checkpoint-missing', file: 'config.json' },
  'checkpoint-executes': { code: 'checkpoint-executes', file: 'd.bin', global: 'os.system' },
  'checkpoint-quantised': { code: 'checkpoint-quantised', method: 'GPTQ' },
  'adapter-needs-merge': { code: 'adapter-needs-merge', tensors: ['score.weight', 'score.bias'] },
  'adapter-unsupported': { code: 'adapter-unsupported', detail: 'rank' },
  'model-unknown': { code: 'model-unknown', model: 'nadie' },
  'model-too-large': {
    code: 'model-too-large',
    needBytes: 3_200_000_000,
    haveBytes: 1_900_000_000,
  },
  'weight-too-large': { code: 'weight-too-large', needBytes: 5e8, haveBytes: 1e8 },
  'gpu-unavailable': { code: 'gpu-unavailable' },
  'build-missing': { code: 'build-missing', backend: 'gpu' },
  'gpu-lost': { code: 'gpu-lost' },
  'gpu-wrong': { code: 'gpu-wrong' },
  'gpu-restarted': { code: 'gpu-restarted' },
  'file-unreachable': { code: 'file-unreachable', file: 'b.onnx', status: 404 },
  'file-damaged': { code: 'file-damaged', file: 'c.onnx', detail: 'hash' },
  'prompt-empty': { code: 'prompt-empty' },
  'task-unsupported': { code: 'task-unsupported' },
  'field-empty': { code: 'field-empty', field: 'context' },
  'mask-missing': { code: 'mask-missing' },
  'entailment-unclear': { code: 'entailment-unclear', labels: ['LABEL_0', 'LABEL_1'] },
  'variables-missing': { code: 'variables-missing', names: ['quién', 'dónde'] },
  'context-exceeded': { code: 'context-exceeded', promptTokens: 700, contextTokens: 512 },
  'template-failed': { code: 'template-failed', detail: 'raise' },
  'out-of-memory': { code: 'out-of-memory' },
  'runtime-failed': { code: 'runtime-failed', detail: 'opset' },
  'worker-crashed': { code: 'worker-crashed', detail: 'oom' },
  'worker-unresponsive': { code: 'worker-unresponsive', afterMs: 1500 },
  'storage-full': { code: 'storage-full' },
  'model-storage-full': { code: 'model-storage-full', needBytes: 9e8, freeBytes: 1e8 },
  'package-busy': { code: 'package-busy', name: 'autor/modelo' },
  'source-unclear': { code: 'source-unclear', text: '¿dónde?' },
  'source-without-model': { code: 'source-without-model', name: 'fotos' },
  'source-ambiguous': { code: 'source-ambiguous', folders: ['uno', 'dos'] },
  'source-changed': { code: 'source-changed', file: 'd.bin' },
  'zip-refused': { code: 'zip-refused', file: 'e.zip', detail: '1:4000' },
  'hub-missing': { code: 'hub-missing', host: 'hub.test', repo: 'a/b', token: false },
  'hub-revision-missing': { code: 'hub-revision-missing', repo: 'a/b', revision: 'v9' },
  'hub-private': { code: 'hub-private', repo: 'a/b', token: true },
  'hub-gated': { code: 'hub-gated', repo: 'a/b', page: 'https://hub.test/a/b', token: false },
  'hub-busy': { code: 'hub-busy', host: 'hub.test', status: 429 },
  'hub-unreachable': { code: 'hub-unreachable', host: 'hub.test' },
  'hub-foreign': { code: 'hub-foreign', host: 'hub.test', detail: 'HTML' },
  'hub-without-ranges': { code: 'hub-without-ranges', host: 'hub.test', file: 'f.bin' },
  'download-damaged': { code: 'download-damaged', host: 'hub.test', file: 'f.bin' },
  'download-changing': { code: 'download-changing', host: 'hub.test', file: 'f.bin' },
  'storage-unavailable': { code: 'storage-unavailable', detail: 'SecurityError' },
  'record-damaged': { code: 'record-damaged', detail: 'cells.3' },
  'record-foreign': { code: 'record-foreign' },
  'record-newer': { code: 'record-newer', version: 9 },
  'class-damaged': { code: 'class-damaged', detail: 'x' },
  'class-foreign': { code: 'class-foreign' },
  'class-file-wrong': { code: 'class-file-wrong', file: 'x' },
  'handin-damaged': { code: 'handin-damaged', detail: 'x' },
  'handin-foreign': { code: 'handin-foreign' },
  unexpected: { code: 'unexpected', detail: 'TypeError' },
};

/** Codes that say more than one thing. */
const MORE: readonly Failure[] = [
  { code: 'gpu-lost', again: true },
  { code: 'context-exceeded', promptTokens: 700, contextTokens: 512, modelTokens: 4096 },
  { code: 'context-exceeded', promptTokens: 7000, contextTokens: 512, modelTokens: 4096 },
];

const cases = LOCALES.flatMap((locale) =>
  [...Object.values(EVERY), ...MORE].map((failure) => [locale, failure.code, failure] as const),
);

test.each(cases)('%s: %s says what happened and what to do', (locale, _, failure) => {
  const { what, todo } = failureText(MESSAGES[locale].failures, failure);
  for (const sentence of [what, todo]) {
    expect(sentence).toMatch(/^(\p{Lu}|[«“]|hub\.test).*\.$/su);
    expect(sentence).not.toMatch(/undefined|null|NaN|\[object/u);
  }
  expect(todo).not.toBe(what);
});

test.each(LOCALES)('%s: every field of a failure is in its sentences', (locale) => {
  for (const failure of Object.values(EVERY)) {
    const { what, todo } = failureText(MESSAGES[locale].failures, failure);
    const sentences = `${what} ${todo}`.toLowerCase();
    for (const [key, value] of Object.entries(failure)) {
      // A field is called by its name in the language.
      if (
        key === 'code' ||
        key === 'field' ||
        typeof value === 'number' ||
        typeof value === 'boolean'
      )
        continue;
      for (const part of [value].flat()) {
        expect(sentences).toContain(String(part).toLowerCase());
      }
    }
  }
});

test('numbers are written as each language writes them', () => {
  const large = EVERY['model-too-large'];
  expect(failureText(MESSAGES.es.failures, large).what).toContain('3,2\u00a0GB');
  expect(failureText(MESSAGES.en.failures, large).what).toContain('3.2\u00a0GB');
  const slow = EVERY['worker-unresponsive'];
  expect(failureText(MESSAGES.es.failures, slow).what).toContain('1,5\u00a0s');
});

test('no answer at all reads otherwise than a refusal', () => {
  const silent: Failure = { code: 'file-unreachable', file: 'b.onnx', status: null };
  expect(failureText(MESSAGES.es.failures, silent).what).toBe(
    'No hubo respuesta al pedir el archivo b.onnx.',
  );
  expect(failureText(MESSAGES.es.failures, EVERY['file-unreachable']).what).toContain('404');
});

test('the two languages are two', () => {
  for (const failure of Object.values(EVERY)) {
    const es = failureText(MESSAGES.es.failures, failure);
    const en = failureText(MESSAGES.en.failures, failure);
    expect(en.what).not.toBe(es.what);
    expect(en.todo).not.toBe(es.todo);
  }
});
