import { svelte } from '@sveltejs/vite-plugin-svelte';
import { svelteTesting } from '@testing-library/svelte/vite';
import { defaultClientConditions, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { assemblyScript } from './scripts/lib/assembly-script.ts';
import { serviceWorker } from './scripts/service-worker.ts';

/** SharedArrayBuffer, and with it threads, exists only on cross-origin isolated pages. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/**
 * What the built page may do. No `unsafe-eval` and no `blob:` scripts. What a person points to may be
 * fetched from the Hub or from any mirror, one on this machine too; nothing else ever asks (the end-to-end
 * tests fail at any request that nobody tapped for). Inline style attributes are set by floating menus.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Static hosts send no headers of ours, so the policy travels in the page; only in the build, since the dev server needs inline modules. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'patio:content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY },
        injectTo: 'head-prepend',
      },
    ],
  };
}

export default defineConfig({
  // Relative addresses: one build works at a domain's root, under /patio/ and in any folder.
  base: './',
  plugins: [assemblyScript(), svelte(), svelteTesting(), contentSecurityPolicy(), serviceWorker()],
  resolve: {
    // The runtime's entry then carries no wasm of its own: workers/runtime.ts names the files it wants.
    conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions],
  },
  worker: { format: 'es', plugins: () => [assemblyScript()] },
  optimizeDeps: {
    // Workers too: what they need and the scan did not see would reload the page under the first run.
    entries: ['index.html', 'workers/*.worker.ts', 'workers/kernels/*.worker.ts'],
    exclude: ['onnxruntime-web'],
  },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { headers: ISOLATION, port: 5173 },
  preview: {
    headers: { ...ISOLATION, 'Content-Security-Policy': CONTENT_SECURITY_POLICY },
    port: 4173,
  },
  test: {
    // Properties over thousands of cases, on machines that may be busy.
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['tests/{unit,bridge,parity,fuzz}/**/*.test.ts'],
          exclude: ['**/*.svelte.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'dom',
          environment: 'happy-dom',
          include: ['tests/component/**/*.test.ts', 'tests/unit/**/*.svelte.test.ts'],
        },
      },
    ],
  },
});
