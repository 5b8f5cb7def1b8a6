/** A safetensors file around any header, sound or not. `raw` takes the header as text. */
export function safetensors(header: unknown, data: Uint8Array, raw = false): Uint8Array {
  const text = raw ? String(header) : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const length = new Uint8Array(BigUint64Array.of(BigInt(json.length)).buffer);
  return Uint8Array.from([...length, ...json, ...data]);
}

/** A sound file of float32 tensors. */
export function floatFile(
  tensors: Readonly<Record<string, { shape: readonly number[]; values: readonly number[] }>>,
): Uint8Array {
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, values }]) => {
      const start = at;
      at += values.length * 4;
      return [name, { dtype: 'F32', shape, data_offsets: [start, at] }];
    }),
  );
  const values = Object.values(tensors).flatMap((tensor) => tensor.values);
  return safetensors(header, new Uint8Array(Float32Array.from(values).buffer));
}
