/** Throws, where only an expression may stand. Plain TypeScript: what a macro generates may import anything. */
export function fail(message: string): never {
  throw new Error(message);
}
