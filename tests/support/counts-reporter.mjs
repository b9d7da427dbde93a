// Prints the run's counts as one plain last line, which CI systems and people read the same way.
// Jest loads reporters by their default export.
// biome-ignore lint/style/noDefaultExport: demanded by jest
export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `\nTests: ${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`;
    // Jest's own summary, and what it says of open handles, come after this call.
    process.once('exit', () => process.stdout.write(line));
  }
}
