// Seals and opens with the npm package age-encryption, one JSON object per line.
// crates/age-hybrid/tests/node_interop.rs starts it.
import { Decrypter, Encrypter } from "age-encryption";
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  const { recipient, plain, identity, sealed } = JSON.parse(line);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const ours = await encrypter.encrypt(Buffer.from(plain, "base64"));
  const theirs = await decrypter.decrypt(Buffer.from(sealed, "base64"));
  const answer = { sealed: Buffer.from(ours).toString("base64"), plain: Buffer.from(theirs).toString("base64") };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
