// Printed by Node.js into values.txt; `msc run` prints the same.
class User {
  #secret = 1;
  constructor(name, age) {
    this.name = name;
    this.age = age;
  }
  toString() {
    return `User ${this.name}`;
  }
  get initial() {
    return this.name[0];
  }
}
class Admin extends User {
  roles = new Set(["read", "write"]);
}
class Money extends Array {}
class NotFound extends Error {}

console.log("plain text", 'with "quotes"', "and 'single'");
console.log(1, -0, 1.5, NaN, Infinity, 10n, true, null, undefined, Symbol("tag"));
console.log(["a", "it's", 'say "hi"', `both ' and "`, "line\nbreak", "\x1b[0m", ""]);
console.log({ a: 1, "b-c": "text", 3: [1, [2, [3, [4, [5]]]]], nested: { deep: { deeper: { deepest: {} } } } });
console.log(new User("Ada", 36), [new Admin("Grace", 40)], { user: new User("Bob", 1) });
console.log(`${new User("Ada", 36)}`, String([1, [2, 3]]));
console.log(new Map([["a", 1], ["b", { c: [1, 2, 3] }]]), new Set([1, "two", [3]]), new Map(), new Set());
console.log([1, , 3, , ,], [undefined, null], new Array(5), Money.from([1, 2]), Object.assign([1], { extra: true }));
console.log(() => 1, function named() {}, async () => {}, class A {}, class B extends User {}, Math.max, Symbol);
console.log(new Date(0), new Date(NaN), /a[b]+/gi, new Error("only the name").message);
console.log(Object.create(null), Object.assign(Object.create(null), { x: 1 }), Object.create({ inherited: 1 }), {});
console.log({ get a() { return 1; }, set b(value) {}, get c() { return 1; }, set c(value) {}, [Symbol("key")]: 1 });
console.log(new Uint8Array([1, 2, 3]), new ArrayBuffer(3), new WeakMap(), Object("boxed"), Object(1));
console.log(Promise.resolve(5), new Promise(() => {}), (function () { return arguments; })(1, 2));
const cycle = { name: "cycle", list: [] };
cycle.self = cycle;
cycle.list.push(cycle, { cycle });
console.log(cycle);
console.log(Array.from({ length: 120 }, (_, at) => at * 7), Array.from({ length: 10 }, (_, at) => `item ${at}`));
console.log(Array.from({ length: 30 }, (_, at) => "x".repeat(at % 9)));
console.log({ first: "a rather long text to fill the line", second: "and another one, so that it does not fit" });
console.log([{ id: 1, tags: ["a", "b"], owner: new User("Eve", 2) }, { id: 2, tags: [], owner: null }]);
console.log("many lines in one text that is long enough to be broken", ["first line of the text, long enough\nsecond line of it, also long\nthird"]);
console.log(["日本", "é", "😀", "\u{1F600}\u{1F601}", "a", "b", "c", "d"], new Map([[{ a: 1 }, new Map([[1, 2]])]]));
console.log("%s is %d years and %i months, %f, %j %O %%", "Ada", 36.5, 7.9, "1.25", { a: [1] }, { b: { c: {} } }, "rest");
console.log("%s %s %s", new User("Ada", 1), { a: { b: 1 } }, [1, [2]], "100%", -0);
console.log("%c styled", "color: red", "%s");
console.log();
console.log("");
console.group("group");
console.info("indented");
console.group();
console.debug("twice\nas two lines", { a: 1 });
console.groupEnd();
console.groupEnd();
console.count();
console.count("label");
console.count();
console.countReset();
console.count();
console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
console.assert(true, "not printed");
console.log([new NotFound("gone")].length, { [Symbol.toStringTag]: "Tagged" }, Math, JSON, globalThis === undefined);
console.log([1.0, 22.5, -3], [[]], [{}], { a: {} }, { f() {}, g: class {} }, [true, false], [null]);
console.log(process.argv.length, typeof setTimeout, typeof queueMicrotask);
