// What is TypeScript's own. Positions are checked as `tree-sitter test` does.

import type { Abc } from "a" with { type: "json" };
// <- keyword.import
//     ^^^^ keyword.import
//            ^^^ constructor
//                  ^^^^ keyword.import
//                       ^^^ string
//                           ^^^^ keyword
import * as all from "b";
//       ^^ keyword.import
//          ^^^ module
export default abstract class Shape<in out T extends object = {}> extends Base implements Drawable {
//     ^^^^^^^ keyword.import
//             ^^^^^^^^ keyword.modifier
//                            ^^^^^ type
//                                  ^^ keyword.modifier
//                                     ^^^ keyword.modifier
//                                         ^ type
//                                           ^^^^^^^ keyword.modifier
//                                                   ^^^^^^ type.builtin
//                                                                        ^^^^ type
//                                                                             ^^^^^^^^^^ keyword.modifier
  static readonly #count: number = 0x1F;
//^^^^^^ keyword.modifier
//       ^^^^^^^^ keyword.modifier
//                ^^^^^^ variable.member
//                        ^^^^^^ type.builtin
//                                 ^^^^ number
  constructor(private readonly size?: T) { super(); }
//^^^^^^^^^^^ constructor
//            ^^^^^^^ keyword.modifier
//                             ^^^^ variable.parameter
//                                         ^^^^^ variable.builtin
  get area(): number { return this.size ?? 0; }
//^^^ keyword.function
//    ^^^^ function.method
//                                      ^^ operator
}

async function* run({ a, b: c }, ...rest: string[]): AsyncGenerator<unknown> {
// <- keyword.coroutine
//    ^^^^^^^^ keyword.function
//              ^^^ function
//                    ^ variable.parameter
//                          ^ variable.parameter
//                                  ^^^^ variable.parameter
  for await (const x of rest) yield* await f(x as never);
//^^^ keyword.repeat
//    ^^^^^ keyword.coroutine
//                   ^^ keyword.repeat
//                            ^^^^^ keyword.coroutine
//                                         ^ function.call
//                                             ^^ keyword.operator
//                                                ^^^^^ type.builtin
  if (/^[a-z]+$/gi.test(`x${rest.length}\n`)) throw new TypeError(MESSAGE);
//^^ keyword.conditional
//    ^ string.regexp
//              ^^ string.special
//                 ^^^^ function.method.call
//                      ^^ string
//                        ^^ punctuation.special
//                                      ^^ string.escape
//                                            ^^^^^ keyword.exception
//                                                      ^^^^^^^^^ constructor
//                                                                ^^^^^^^ constant
  try { lost: while (true) { break lost; } } catch { debugger; } finally { delete a.b; }
//^^^ keyword.exception
//      ^^^^ label
//            ^^^^^ keyword.repeat
//                   ^^^^ boolean
//                           ^^^^^ keyword.repeat
//                                 ^^^^ label
//                                           ^^^^^ keyword.exception
//                                                   ^^^^^^^^ keyword
//                                                                         ^^^^^^ keyword.operator
}

type Keys<T> = { readonly [K in keyof T as `on${K}`]-?: T[K] extends infer U ? U : null };
// <- keyword.type
//   ^^^^ type
//               ^^^^^^^^ keyword.modifier
//                           ^^ keyword.operator
//                              ^^^^^ keyword.operator
//                                    ^ type
//                                      ^^ keyword.operator
//                                                           ^^^^^^^ keyword.modifier
//                                                                   ^^^^^ keyword.operator
//                                                  ^^^ operator
//                                                                           ^ operator
declare namespace Deep.Down { enum Color { Red = 1 } }
// <- keyword.modifier
//      ^^^^^^^^^ keyword.type
//                ^^^^ module
//                            ^^^^ keyword.type
//                                 ^^^^^ type
//                                         ^^^ constant
const square = (n: number): n is 2 => n ** 2 satisfies number, add = x => x + 1;
//    ^^^^^^ function
//              ^ variable.parameter
//                            ^^ keyword.operator
//                                 ^^ operator
//                                           ^^^^^^^^^ keyword.operator
//                                                             ^^^ function
//                                                                   ^ variable.parameter
const object = { key: 1, method() {}, short, [computed]: undefined, f: () => {} } as const;
//               ^^^ variable.member
//                       ^^^^^^ function.method
//                                                       ^^^^^^^^^ constant.builtin
//                                                                  ^ function.method
//                                                                                   ^^^^^ keyword.modifier
function assertIsString(value: unknown): asserts value is string;
//       ^^^^^^^^^^^^^^ function
//                                       ^^^^^^^ keyword.operator
/** Documentation. */
// <- comment.documentation
import.meta.url;
//     ^^^^ variable.builtin
