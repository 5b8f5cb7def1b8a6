/**
 * Prompts with `{{variables}}`. A name may hold accents, spaces and capitals; only braces and line
 * breaks end it. Two names are the same when they match after trimming and NFC.
 */
const VARIABLE = /\{\{([^{}\n]+)\}\}/gu;

/** A turn of a conversation, as chat templates take it. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export type Values = Readonly<Record<string, string>>;

export function normalizeName(name: string): string {
  return name.trim().replace(/\s+/gu, ' ').normalize('NFC');
}

/** Names in order of first appearance, each once. */
export function variableNames(template: string): string[] {
  const names = new Set<string>();
  for (const [, name] of template.matchAll(VARIABLE)) {
    const normal = normalizeName(name ?? '');
    if (normal !== '') names.add(normal);
  }
  return [...names];
}

/** Names whose value is missing or blank. */
export function missingValues(template: string, values: Values): string[] {
  return variableNames(template).filter((name) => valueOf(values, name).trim() === '');
}

/**
 * The text with every variable replaced. Values are inserted as they are and never expanded again,
 * so a value that looks like a variable stays text.
 */
export function expand(template: string, values: Values): string {
  return template.replace(VARIABLE, (whole, name: string) => {
    const normal = normalizeName(name);
    return normal === '' ? whole : valueOf(values, normal);
  });
}

function valueOf(values: Values, name: string): string {
  return Object.hasOwn(values, name) ? (values[name] ?? '') : '';
}
