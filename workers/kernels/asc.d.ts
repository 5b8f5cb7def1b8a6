/** A compiled AssemblyScript module; see `scripts/lib/assembly-script.ts`. */
declare module '*?asc' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
