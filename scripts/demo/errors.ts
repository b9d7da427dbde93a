/** A reason why the demo cannot go on, in words for the one who started it. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
