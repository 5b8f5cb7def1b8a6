import { describe, expect, it } from 'vitest';
import { FailureError } from '../../../src/domain/failure.ts';
import { chatTemplateOf, createCodec } from '../../../workers/tokenizer.ts';
import { BOS, byteCodec, EOS } from '../../fakes/engine-tokenizer.ts';

const bytes = (text: string) => [...new TextEncoder().encode(text)];

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(() => null).catch((caught: unknown) => caught);
  return error instanceof FailureError ? error.failure : error;
}

const HOLA = [{ role: 'user', content: 'Hola' }] as const;

describe('texts', () => {
  it('are encoded as the tokenizer says, with a beginning only where it is asked for', async () => {
    expect((await byteCodec()).encode('añ')).toEqual(bytes('añ'));
    expect((await byteCodec({ add_bos_token: true })).encode('a')).toEqual([BOS, 97]);
    expect((await byteCodec({ add_bos_token: false })).encode('<s>a')).toEqual([97]);
  });

  it('stream without ever showing half a character', async () => {
    const codec = await byteCodec();
    const text = 'Ñandú 🐦 «sí»';
    const stream = codec.stream(codec.encode('Un '));
    const shown = bytes(text).map((byte) => stream.push(byte));
    expect(shown.join('')).toBe(text);
    expect(shown.some((piece) => piece.includes('\uFFFD'))).toBe(false);
    expect(shown.slice(0, 2)).toEqual(['', 'Ñ']);
  });

  it('go on after bytes that make no character', async () => {
    const stream = (await byteCodec()).stream([]);
    expect([0xc3, 97, 98].map((byte) => stream.push(byte)).join('')).toBe('\uFFFDab');
  });

  it('leave special tokens out, while a token alone still has its name', async () => {
    const codec = await byteCodec();
    const stream = codec.stream([]);
    expect([97, EOS, 98].map((id) => stream.push(id)).join('')).toBe('ab');
    expect(codec.tokenText(EOS)).toBe('</s>');
    expect(codec.tokenText(32)).toBe(' ');
    expect(codec.tokenText(0xc3)).toBe('\uFFFD');
  });
});

describe('chat templates', () => {
  const TEMPLATE =
    "{{ bos_token }}{% for m in messages %}{{ m['role'] + ':' + m['content'] }}{% endfor %}" +
    '{% if add_generation_prompt %}>{% endif %}';
  const rendered = [BOS, ...bytes('user:Hola>')];

  it('render one question, with the special tokens at hand', async () => {
    expect(await (await byteCodec()).encodeChat(HOLA, TEMPLATE)).toEqual(rendered);
  });

  it('come from the tokenizer where the adapter has none', async () => {
    const codec = await byteCodec({ chat_template: TEMPLATE });
    expect(await codec.encodeChat(HOLA, null)).toEqual(rendered);
  });

  it.each([
    [TEMPLATE, TEMPLATE],
    [
      [
        { name: 'tool_use', template: 'no' },
        { name: 'default', template: TEMPLATE },
      ],
      TEMPLATE,
    ],
    [{ default: TEMPLATE, rag: 'no' }, TEMPLATE],
    [undefined, null],
    [[], null],
  ])('are found in every shape they are saved in: %#', (chat_template, expected) => {
    expect(chatTemplateOf({ chat_template })).toBe(expected);
  });

  it('fail as a failure that says why', async () => {
    const codec = await byteCodec();
    const failed = { code: 'template-failed' };
    expect(await failureOf(codec.encodeChat(HOLA, null))).toMatchObject(failed);
    expect(await failureOf(codec.encodeChat(HOLA, '{% if %}'))).toMatchObject(failed);
    const refusing = "{{ raise_exception('solo turnos alternos') }}";
    expect(await failureOf(codec.encodeChat(HOLA, refusing))).toMatchObject({
      ...failed,
      detail: expect.stringContaining('solo turnos alternos') as string,
    });
  });
});

it('a tokenizer that cannot be read is a damaged file', async () => {
  expect(await failureOf(createCodec({ tokenizer: { model: null }, config: {} }))).toMatchObject({
    code: 'file-damaged',
    file: 'tokenizer.json',
  });
});
