/** Stop texts as a person types them: one per line, with `\n` for a line break and `\\` for a backslash. */
export function readStops(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\\(n|\\)/gu, (_, sign: string) => (sign === 'n' ? '\n' : '\\')))
    .filter((line) => line !== '');
}

export function writeStops(stops: readonly string[]): string {
  return stops.map((stop) => stop.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')).join('\n');
}
