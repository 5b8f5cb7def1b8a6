/** A zip of stored entries, with what a hostile one may say of itself. */
export interface ZipPart {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly method?: number;
  /** What the directory says of the entry's size. */
  readonly claimed?: number;
  readonly start?: number;
}

function record(fields: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const half = (value: number) => [2, value] as const;
const word = (value: number) => [4, value] as const;

export function storedZip(parts: readonly ZipPart[]): Uint8Array {
  const body: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes, method = 0, claimed = bytes.length, start = at } of parts) {
    const text = new TextEncoder().encode(name);
    const sizes = [word(0), word(claimed), word(claimed), half(text.length), half(0)];
    const common = [half(20), half(0), half(method), half(0), half(0), ...sizes];
    const local = [record([word(0x04034b50), ...common]), text, bytes];
    body.push(...local);
    const rest = [half(0), half(0), half(0), word(0), word(start)];
    directory.push(record([word(0x02014b50), half(20), ...common, ...rest]), text);
    at += local.reduce((sum, part) => sum + part.length, 0);
  }
  const entries = half(parts.length);
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const sizes = [entries, entries, word(size), word(at), half(0)];
  const end = record([word(0x06054b50), half(0), half(0), ...sizes]);
  return joined([...body, ...directory, end]);
}

/** A checkpoint of `torch.save` around any pickle. */
export function torchZip(pickle: Uint8Array, storages: readonly Uint8Array[] = []): Uint8Array {
  return storedZip([
    { name: 'archive/data.pkl', bytes: pickle },
    ...storages.map((bytes, i) => ({ name: `archive/data/${i}`, bytes })),
  ]);
}
