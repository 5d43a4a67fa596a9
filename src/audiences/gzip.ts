/** Bytes as a gzip file (RFC 1952). Several of these one behind the other are a gzip file too, for most readers. */
export async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  const { readable, writable } = new CompressionStream("gzip");
  const writer = writable.getWriter();
  const [compressed] = await Promise.all([
    new Response(readable).bytes(),
    writer.write(bytes).then(() => writer.close()),
  ]);
  return compressed;
}

/** What one call of `compress`, or one stream, made of it: a second file behind the first is an error. */
export function decompress(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return stream.pipeThrough(new DecompressionStream("gzip"));
}
