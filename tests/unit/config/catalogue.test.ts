import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../models.config.ts';
import { findAdapter, findModel, sameVoice, type Source } from '../../../src/domain/model.ts';
import { variableNames } from '../../../src/domain/prompt.ts';
import { canDo } from '../../../src/domain/task.ts';
import { TASKS } from '../../../src/tasks/index.ts';
import { variantBytes, variantFiles, type Manifest } from '../../../src/graph/manifest.ts';

const { models, adapters, examples } = catalogue;
const folder = (source: Source) => join('public', source.kind === 'bundled' ? source.path : '');

function manifestOf(source: Source): Manifest {
  return JSON.parse(readFileSync(join(folder(source), 'patio.json'), 'utf8')) as Manifest;
}

describe('the catalogue', () => {
  it.each([
    ['voices', [...models, ...adapters]],
    ['examples', examples],
  ])('names its %s once each', (_, entries) => {
    const ids = entries.map((entry) => entry.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
  });

  it.each(adapters.map((adapter) => [adapter.id, adapter.base]))(
    '%s has its base, %s',
    (_, base) => {
      expect(findModel(catalogue, base)).toBeDefined();
    },
  );

  it.each([...models, ...adapters].map((entry) => [entry.id, entry] as const))(
    '%s is told in both languages and has its folder',
    (_, { summary, source }) => {
      expect(Object.values(summary).every((text) => text.trim().length > 10)).toBe(true);
      expect(source).toMatchObject({
        kind: 'bundled',
        path: expect.stringMatching(/^[\w/-]+\/$/u),
      });
      expect(existsSync(folder(source))).toBe(true);
    },
  );
});

describe.each(examples.map((example) => [example.id, example] as const))(
  'example %s',
  (_, example) => {
    it('is shown with voices that exist, each once', () => {
      for (const { model, adapter } of example.voices) {
        expect(findModel(catalogue, model)).toBeDefined();
        if (adapter !== null) expect(findAdapter(catalogue, adapter)?.base).toBe(model);
      }
      const repeated = example.voices.filter(
        (voice, index) => example.voices.findIndex((other) => sameVoice(voice, other)) !== index,
      );
      expect(repeated).toEqual([]);
      for (const voice of example.voices) expect(canDo(catalogue, voice, example.task)).toBe(true);
    });

    it('fills in what its task asks', () => {
      const specs = TASKS[example.task].fields;
      const known = specs.map(({ id }): string => id);
      expect(Object.keys(example.fields ?? {}).filter((id) => !known.includes(id))).toEqual([]);
      for (const { id } of specs.filter(({ required }) => required)) {
        expect(example.fields?.[id]?.trim()).toBeTruthy();
      }
    });

    it('has a value for each of its variables, in every row', () => {
      const names = variableNames(example.text).sort();
      const rows = (example.table ?? []).map((values) => Object.keys(values).sort());
      expect(rows.length > 0).toBe(names.length > 0);
      for (const row of rows) expect(row).toEqual(names);
    });
  },
);

describe.each(models.map((model) => [model.id, model] as const))('package of %s', (_, model) => {
  const manifest = manifestOf(model.source);

  it('has the sizes that the catalogue states', () => {
    const sizes = manifest.variants.map((variant) => [variant.id, variantBytes(variant)]);
    expect(model.variants).toEqual(Object.fromEntries(sizes));
    expect(model.contextTokens).toBe(manifest.model.context);
  });

  it('has every file of its manifest, whole', () => {
    for (const file of manifest.variants.flatMap(variantFiles)) {
      const bytes = readFileSync(join(folder(model.source), file.path));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect([file.path, bytes.length, sha256]).toEqual([file.path, file.bytes, file.sha256]);
    }
    for (const file of manifest.tokenizer) {
      expect([file, existsSync(join(folder(model.source), file))]).toEqual([file, true]);
    }
  });
});

describe.each(adapters.map((entry) => [entry.id, entry] as const))('adapter %s', (_, adapter) => {
  it('has the size that the catalogue states', () => {
    const path = join(folder(adapter.source), 'adapter_model.safetensors');
    expect(statSync(path).size).toBe(adapter.bytes);
    expect(existsSync(join(folder(adapter.source), 'adapter_config.json'))).toBe(true);
  });

  it('has a chat template where it is asked through one', () => {
    const path = join(folder(adapter.source), 'chat_template.jinja');
    expect(existsSync(path)).toBe(adapter.prompting === 'chat');
  });
});
