import { BASE } from './support/patio.ts';
import { expect, test } from './support/test.ts';

test('a decoder on the CPU answers without onnxruntime-web', async ({ patio, page }) => {
  const asked: string[] = [];
  // Of the page and its Workers; the service worker keeps every file of the app for later.
  page.on('request', (request) => asked.push(request.url()));
  await patio.open({ voices: [BASE], params: { maxTokens: 12 } });
  await patio.run();
  await patio.allDone();
  const [text = ''] = await patio.texts();
  expect(text.trim().length).toBeGreaterThan(0);
  // What the Worker asks for is seen here, or the next line would prove nothing.
  expect(asked.filter((url) => url.includes('model_quantized'))).not.toEqual([]);
  expect(asked.filter((url) => /\/ort[-.]/u.test(url))).toEqual([]);
});
