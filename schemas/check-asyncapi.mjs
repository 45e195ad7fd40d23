// Checks schemas/asyncapi.yaml with AsyncAPI's own parser: it must be valid, and every $ref must lead somewhere.
//
//   npm install --prefix DIR @asyncapi/parser
//   node schemas/check-asyncapi.mjs DIR
//
// Exits 0 when nothing is wrong, 1 with the diagnostics when the document is, 2 when it could not be checked.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const modules = process.argv[2];
if (!modules) {
  console.error("usage: node check-asyncapi.mjs DIR, where DIR is what `npm install --prefix DIR @asyncapi/parser` was given");
  process.exit(2);
}

let Parser;
try {
  ({ Parser } = createRequire(join(resolve(modules), "package.json"))("@asyncapi/parser"));
} catch (error) {
  console.error(`@asyncapi/parser is not in ${modules}: ${error.message}`);
  process.exit(2);
}

const file = join(dirname(fileURLToPath(import.meta.url)), "asyncapi.yaml");
const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"), { source: file });
// Information (severity 2 and 3) is advice about style; errors and warnings are faults.
const faults = diagnostics.filter((diagnostic) => diagnostic.severity <= 1);
for (const { path, range, message } of faults) {
  console.error(`asyncapi.yaml:${range.start.line + 1}: ${path.join("/")}: ${message}`);
}
if (!document || faults.length > 0) process.exit(1);

const channels = document.channels().all().map((channel) => `${channel.id()} (${channel.messages().all().length} messages)`);
console.log(`asyncapi.yaml is valid: ${channels.join(", ")}`);
