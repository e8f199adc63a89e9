// Compression and decompression with the browser's own streams.
import { type Bytes, concat } from "../bytes.ts";

/**
 * Returns the decompressed data. Throws if the data is malformed or decompresses to more than `max`
 * bytes.
 */
export async function inflate(data: Bytes, format: CompressionFormat, max: number): Promise<Bytes> {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const chunks: Uint8Array[] = [];
  for (let len = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return concat(...chunks);
    chunks.push(value);
    len += value.length;
    if (len > max) {
      await reader.cancel();
      throw new Error(`decompressed data exceeds ${max} bytes`);
    }
  }
}

export async function deflate(plain: Bytes, format: CompressionFormat): Promise<Bytes> {
  const compressed = new Blob([plain]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}
