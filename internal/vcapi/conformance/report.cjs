// Prints the counts of one suite from mocha's JSON report, and each failure with its reason: report.cjs SUITE FILE.
const {readFileSync} = require('node:fs');

const [suite, file] = process.argv.slice(2);
const {stats, failures} = JSON.parse(readFileSync(file, 'utf8'));
console.log(`${suite}: ${stats.passes} passed, ${stats.failures} failed, ${stats.pending} skipped`);
for (const {fullTitle, err} of failures) {
  console.log(`  ${fullTitle}\n    ${err.message.split('\n')[0]}`);
}
process.exitCode = stats.failures === 0 ? 0 : 1;
