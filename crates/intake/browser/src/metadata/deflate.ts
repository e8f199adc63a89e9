// Packing and unpacking with what the browser brings.
import { type Bytes, concat } from "../bytes.ts";

/** Returns what is unpacked; throws if it is not sound or gives more than `most` bytes. */
export async function inflate(data: Bytes, format: CompressionFormat, most: number): Promise<Bytes> {
  const reader = new Blob([data]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const pieces: Uint8Array[] = [];
  for (let len = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return concat(...pieces);
    pieces.push(value);
    len += value.length;
    if (len > most) {
      await reader.cancel();
      throw new Error(`it unpacks to more than ${most} bytes`);
    }
  }
}

export async function deflate(plain: Bytes, format: CompressionFormat): Promise<Bytes> {
  const packed = new Blob([plain]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
