export { failureText, type FailureText } from './failures.ts';
export { findingText } from './findings.ts';
export { LOCALES, type Locale } from './format.ts';
export { I18n } from './i18n.svelte.ts';
export type { Messages } from './es.ts';
