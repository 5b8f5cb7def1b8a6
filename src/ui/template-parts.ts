export interface TemplatePart {
  readonly text: string;
  readonly variable: boolean;
}

/** A prompt cut at its `{{variables}}`, each piece as it is written. */
export function templateParts(template: string): TemplatePart[] {
  return template
    .split(/(\{\{[^{}\n]+\}\})/u)
    .map((text, index) => ({ text, variable: index % 2 === 1 }))
    .filter(({ text }) => text !== '');
}
