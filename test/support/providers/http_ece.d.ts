declare module "http_ece" {
  import type { ECDH } from "node:crypto";

  /** RFC 8188; with `privateKey` and `authSecret` (base64url) as RFC 8291 has it. Throws when it can't decrypt. */
  function decrypt(
    body: Buffer,
    params: { version: "aes128gcm"; privateKey: ECDH; authSecret: string },
  ): Buffer;

  // A CommonJS module: Node offers it as a default export.
  const ece: { decrypt: typeof decrypt };
  export default ece;
}
