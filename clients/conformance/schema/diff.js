// What changed in the schema since the last release: `graphql-inspector diff`, with the SDL of the newest tag
// `v*` that this commit comes from. A breaking change fails; before a first release there is nothing to break.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const git = (...args) =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, stdio: ["ignore", "pipe", "pipe"] });

const [released] = git("tag", "--merged", "HEAD", "--list", "v*", "--sort=-version:refname").split("\n");
if (!released) {
  console.log("No release yet (no tag v* behind this commit): nothing to compare the schema with.");
  process.exit(0);
}
const before = buildSchema(git("show", `${released}:schema.graphql`));
const now = buildSchema(readFileSync(join(root, "schema.graphql"), "utf8"));
const changes = await diff(before, now);
for (const { criticality, path, message } of changes) {
  console.log(`${criticality.level.padEnd(12)} ${path}: ${message}`);
}
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
console.log(`${changes.length} changes since ${released}, ${breaking.length} of them breaking`);
process.exit(breaking.length > 0 ? 1 : 0);
