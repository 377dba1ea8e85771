// What a program run by `msc run` finds beside the language: console, timers, process.
//
// Values are printed the way Node.js prints them, so that output can be compared; the layout rules
// (two levels of depth, 80 columns, columns of numbers) are Node's, the code is ours.
//
// Invariant: the host's functions are taken from the global object before the program starts, and so
// are the methods that say what an object is: a class of the program that overrides one prints
// as what it is. Programs that break arrays or strings break the console with them.

const { exit, mapStack, promiseState } = globalThis.$host;
const send = globalThis.$host.write;
delete globalThis.$host;

/** Half of a surrogate pair has no form in UTF-8. */
const write = (stream, text) => send(stream, text.toWellFormed());

// Frames of the engine's own functions count, and are not shown.
Error.stackTraceLimit = 30;

// ---- values -------------------------------------------------------------------------------------

const COLUMNS = 80;
const MAX_DEPTH = 2;
/** Objects that hold at most so many levels are written on one line where they fit. */
const INNER_LEVELS = 3;
const MAX_ITEMS = 100;
const MAX_CHARACTERS = 10000;
const CUSTOM = Symbol.for("nodejs.util.inspect.custom");
const IDENTIFIER = /^[a-zA-Z_][a-zA-Z_0-9]*$/;

const { getOwnPropertyDescriptor, getOwnPropertySymbols, getPrototypeOf, keys: keysOf } = Object;
const TypedArray = getPrototypeOf(Uint8Array);
const tagOfTypedArray = getOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get;

/** Whether `value` is what `method` of a built-in prototype works on, whatever its own prototype. */
function accepts(method, value, ...args) {
  try {
    method.call(value, ...args);
    return true;
  } catch {
    return false;
  }
}

const sizeOf = (prototype) => getOwnPropertyDescriptor(prototype, "size").get;
const mapSize = sizeOf(Map.prototype);
const setSize = sizeOf(Set.prototype);
const bufferLength = getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength").get;
const nothing = {};

const { now } = performance;
const performanceObject = performance;
const clock = () => now.call(performanceObject);
const { toString: objectText } = Object.prototype;
const { toString: sourceText } = Function.prototype;
const { toString: patternText } = RegExp.prototype;
const { getTime, toISOString } = Date.prototype;
const { entries: mapEntries } = Map.prototype;
const { values: setValues } = Set.prototype;
const { values: typedValues } = TypedArray.prototype;
const { has: weakMapHas } = WeakMap.prototype;
const { has: weakSetHas } = WeakSet.prototype;

const isMap = (value) => accepts(mapSize, value);
const isSet = (value) => accepts(setSize, value);
const isDate = (value) => accepts(getTime, value);
const isRegExp = (value) => value instanceof RegExp && accepts(patternText, value);
const isError = (value) => value instanceof Error;
const isArrayBuffer = (value) => accepts(bufferLength, value);
const isWeakMap = (value) => accepts(weakMapHas, value, nothing);
const isWeakSet = (value) => accepts(weakSetHas, value, nothing);

/** Prints one value. The depth of the object entered last decides what may stand on one line. */
class Printer {
  constructor(maxDepth = MAX_DEPTH) {
    this.maxDepth = maxDepth;
    this.path = [];
    this.references = new Map();
    this.indent = 0;
    this.deepest = 0;
  }

  print(value, depth = 0, asProperty = false) {
    if ((typeof value !== "object" || value === null) && typeof value !== "function") {
      return this.primitive(value);
    }
    const custom = value[CUSTOM];
    if (typeof custom === "function" && !(value.constructor?.prototype === value)) {
      const printed = custom.call(value, this.maxDepth - depth, { depth: this.maxDepth - depth }, inspect);
      if (printed !== value) {
        return typeof printed === "string" ? printed.replaceAll("\n", `\n${" ".repeat(this.indent)}`) : this.print(printed, depth);
      }
    }
    if (this.path.includes(value)) {
      if (!this.references.has(value)) this.references.set(value, this.references.size + 1);
      return `[Circular *${this.references.get(value)}]`;
    }
    return this.object(value, depth, asProperty);
  }

  primitive(value) {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "number":
        return Object.is(value, -0) ? "-0" : `${value}`;
      case "bigint":
        return `${value}n`;
      case "symbol":
        return symbolText(value);
      default:
        return `${value}`;
    }
  }

  /** A text that is too long for its line is broken after its line ends. */
  string(text) {
    let rest = "";
    if (text.length > MAX_CHARACTERS) {
      const left = text.length - MAX_CHARACTERS;
      rest = `... ${left} more character${left === 1 ? "" : "s"}`;
      text = text.slice(0, MAX_CHARACTERS);
    }
    if (text.length > 16 && text.length > COLUMNS - this.indent - 4 && text.includes("\n")) {
      const lines = text.match(/[^\n]*\n|[^\n]+$/g);
      return lines.map(quote).join(` +\n${" ".repeat(this.indent + 2)}`) + rest;
    }
    return quote(text) + rest;
  }

  object(value, depth, asProperty) {
    const shape = this.shape(value);
    if (shape.text !== undefined) return shape.text;
    if (depth > this.maxDepth) {
      const name = shape.name ?? `${Array.isArray(value) ? "Array" : "Object"}: null prototype`;
      return shape.tag ? `[${name} [${shape.tag}]]` : `[${name}]`;
    }
    this.path.push(value);
    this.deepest = depth;
    const items = shape.items(depth + 1);
    for (const key of shape.keys) {
      items.push(this.property(value, key, depth + 1));
    }
    this.path.pop();
    const reference = this.references.has(value) ? `<ref *${this.references.get(value)}>` : "";
    const base = [reference, shape.base].filter((part) => part !== "").join(" ");
    return this.layout(items, base, shape.open, shape.close, shape.isList ? value : undefined, depth);
  }

  /** How a kind of object is written: its brackets, what it holds, and its own keys. */
  shape(value) {
    const name = constructorName(value);
    const tag = tagOf(value, name);
    const isList = Array.isArray(value);
    let keys = ownKeys(value);
    const none = () => [];
    const shape = { name, tag, keys, open: "{", close: "}", base: "", isList: false, items: none };
    const prefix = (fallback, size = "") => {
      if (name === null) {
        return `[${fallback}${size}: null prototype] ${tag && tag !== fallback ? `[${tag}] ` : ""}`;
      }
      return tag ? `${name}${size} [${tag}] ` : `${name}${size} `;
    };
    /** An object that is more than its properties: nothing but itself where it has none. */
    const alone = (base) => {
      shape.base = base;
      if (keys.length === 0) shape.text = base;
      return shape;
    };

    if (isList) {
      shape.keys = keys = keys.filter((key) => !isIndex(key));
      const plain = name === "Array" && !tag;
      shape.open = `${plain ? "" : prefix("Array", `(${value.length})`)}[`;
      shape.close = "]";
      if (value.length === 0 && keys.length === 0) shape.text = `${shape.open}]`;
      shape.isList = true;
      shape.items = (depth) => this.listItems(value, depth);
    } else if (isSet(value)) {
      shape.open = `${prefix("Set", `(${setSize.call(value)})`)}{`;
      if (setSize.call(value) === 0 && keys.length === 0) shape.text = `${shape.open}}`;
      shape.items = (depth) => this.indented(() => this.limited([...setValues.call(value)], (item) => this.print(item, depth)));
    } else if (isMap(value)) {
      shape.open = `${prefix("Map", `(${mapSize.call(value)})`)}{`;
      if (mapSize.call(value) === 0 && keys.length === 0) shape.text = `${shape.open}}`;
      const entry = (depth) => ([key, item]) => `${this.print(key, depth)} => ${this.print(item, depth)}`;
      shape.items = (depth) => this.indented(() => this.limited([...mapEntries.call(value)], entry(depth)));
    } else if (accepts(tagOfTypedArray, value) && tagOfTypedArray.call(value) !== undefined) {
      shape.keys = keys = keys.filter((key) => !isIndex(key));
      shape.open = `${prefix(tagOfTypedArray.call(value), `(${value.length})`)}[`;
      shape.close = "]";
      if (value.length === 0 && keys.length === 0) shape.text = `${shape.open}]`;
      shape.isList = true;
      shape.items = () => this.limited([...typedValues.call(value)], (item) => this.primitive(item));
    } else if (typeof value === "function") {
      return alone(functionText(value, name, tag));
    } else if (isRegExp(value)) {
      const text = patternText.call(value);
      return alone(name === "RegExp" ? text : `${prefix("RegExp")}${text}`);
    } else if (isDate(value)) {
      const time = getTime.call(value);
      const text = Number.isNaN(time) ? "Invalid Date" : toISOString.call(value);
      return alone(name === "Date" ? text : `${prefix("Date")}${text}`);
    } else if (isError(value)) {
      return this.error(value, shape);
    } else if (isBoxed(value)) {
      const primitive = value.valueOf();
      const kind = typeof primitive === "bigint" ? "BigInt" : typeof primitive === "symbol" ? "Symbol" : typeof primitive === "string" ? "String" : typeof primitive === "number" ? "Number" : "Boolean";
      if (kind === "String") shape.keys = keys = keys.filter((key) => !isIndex(key));
      const text = kind === "String" ? quote(primitive) : this.primitive(primitive);
      return alone(`[${kind}${name !== kind && name !== null ? ` (${name})` : ""}: ${text}]`);
    } else if (objectText.call(value) === "[object Arguments]" && !tag) {
      shape.open = "[Arguments] {";
      if (keys.length === 0) shape.text = `${shape.open}}`;
    } else if (promiseState(value) !== undefined) {
      shape.open = `${prefix("Promise")}{`;
      shape.items = (depth) => {
        const [state, result] = promiseState(value);
        if (state === "pending") return ["<pending>"];
        const text = this.indented(() => this.print(result, depth));
        return [state === "rejected" ? `<rejected> ${text}` : text];
      };
    } else if (isArrayBuffer(value)) {
      shape.open = `${prefix("ArrayBuffer")}{`;
      shape.items = () => {
        const bytes = new Uint8Array(value);
        const shown = [...bytes.slice(0, 50)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
        const left = bytes.length - 50;
        const more = left > 0 ? ` ... ${left} more byte${left === 1 ? "" : "s"}` : "";
        return [`[Uint8Contents]: <${shown}${more}>`, `byteLength: ${bytes.length}`];
      };
    } else if (isWeakMap(value) || isWeakSet(value)) {
      shape.open = `${prefix(isWeakMap(value) ? "WeakMap" : "WeakSet")}{`;
      shape.items = () => ["<items unknown>"];
    } else if (tag === "Module" && name === null) {
      shape.open = "[Module: null prototype] {";
    } else {
      const plain = name === "Object" && !tag;
      shape.open = `${plain ? "" : prefix("Object")}{`;
      if (keys.length === 0) shape.text = `${shape.open}}`;
    }
    return shape;
  }

  error(value, shape) {
    const message = own(value, "message") ?? value.message ?? "";
    const given = value.name ?? shape.name ?? "Error";
    const isNamed = shape.name === null || String(given).includes(shape.name) || own(value, "name") !== undefined;
    const name = isNamed ? given : shape.name.includes(given) ? shape.name : `${shape.name} [${given}]`;
    const title = message === "" ? `${name}` : `${name}: ${message}`;
    const stack = typeof value.stack === "string" ? mapStack(value.stack) : "";
    const text = stack === "" ? `[${title}]` : `${title}\n${stack}`;
    shape.base = text.replaceAll("\n", `\n${" ".repeat(this.indent)}`);
    shape.keys = shape.keys.filter((key) => key !== "stack" && !(key === "message" && title.includes(value.message)) && !(key === "name" && title.includes(value.name)));
    for (const hidden of ["cause", "errors"]) {
      const descriptor = getOwnPropertyDescriptor(value, hidden);
      if (descriptor && !descriptor.enumerable) shape.keys.push(hidden);
    }
    if (shape.keys.length === 0) shape.text = shape.base;
    return shape;
  }

  property(object, key, depth) {
    const descriptor = getOwnPropertyDescriptor(object, key) ?? { value: object[key], enumerable: true };
    let text;
    if (descriptor.get) text = descriptor.set ? "[Getter/Setter]" : "[Getter]";
    else if (descriptor.set) text = "[Setter]";
    else text = this.indented(() => this.print(descriptor.value, depth, true));
    let name;
    if (typeof key === "symbol") name = `[${symbolText(key)}]`;
    else if (key === "__proto__") name = "['__proto__']";
    else if (!descriptor.enumerable) name = `[${key}]`;
    else name = IDENTIFIER.test(key) ? key : quote(key);
    return `${name}: ${text}`;
  }

  listItems(list, depth) {
    const items = [];
    let at = 0;
    while (at < list.length && items.length < MAX_ITEMS) {
      if (Object.hasOwn(list, at)) {
        const index = at;
        items.push(this.indented(() => this.print(list[index], depth, true)));
        at += 1;
        continue;
      }
      const start = at;
      while (at < list.length && !Object.hasOwn(list, at)) at += 1;
      items.push(`<${at - start} empty item${at - start === 1 ? "" : "s"}>`);
    }
    const left = list.length - at;
    if (left > 0) items.push(`... ${left} more item${left === 1 ? "" : "s"}`);
    return items;
  }

  limited(values, print) {
    const items = values.slice(0, MAX_ITEMS).map(print);
    const left = values.length - MAX_ITEMS;
    if (left > 0) items.push(`... ${left} more item${left === 1 ? "" : "s"}`);
    return items;
  }

  indented(print) {
    this.indent += 2;
    try {
      return print();
    } finally {
      this.indent -= 2;
    }
  }

  /** On one line where the object holds few levels and fits, else a line for each item. */
  layout(items, base, open, close, list, depth) {
    const count = items.length;
    if (list !== undefined && count > 6) items = this.columns(items, list);
    const head = base ? `${base} ` : "";
    if (this.deepest - depth < INNER_LEVELS && items.length === count) {
      const room = COLUMNS - (count + this.indent + open.length + base.length + 10);
      const width = items.reduce((sum, item) => sum + item.length, count);
      const line = items.join(", ");
      if (width <= room && !base.includes("\n") && !line.includes("\n")) {
        return `${head}${open} ${line} ${close}`;
      }
    }
    const margin = `\n${" ".repeat(this.indent)}`;
    return `${head}${open}${margin}  ${items.join(`,${margin}  `)}${margin}${close}`;
  }

  /** Many short items are set in columns, numbers flush right. */
  columns(items, list) {
    const more = list.length > MAX_ITEMS ? items.slice(-1) : [];
    const cells = items.slice(0, items.length - more.length);
    const gap = 2;
    const widths = cells.map((cell) => displayWidth(cell) + gap);
    const total = widths.reduce((sum, width) => sum + width, 0);
    const widest = Math.max(...widths);
    if (widest * 3 + this.indent >= COLUMNS || !(total / widest > 5 || widest - gap <= 6)) return items;
    // A block about two and a half times as wide as high, where most items are about average.
    const typical = Math.max(widest - 3 - Math.sqrt(widest - total / items.length), 1);
    const count = Math.min(
      Math.round(Math.sqrt(2.5 * typical * cells.length) / typical),
      Math.floor((COLUMNS - this.indent) / widest),
      INNER_LEVELS * 4,
      15,
    );
    if (count <= 1) return items;
    const columnWidths = [];
    for (let column = 0; column < count; column++) {
      columnWidths.push(Math.max(0, ...widths.filter((_, at) => at % count === column)));
    }
    const flushRight = list.length > 0 && [...list].every((item) => typeof item === "number" || typeof item === "bigint");
    const rows = [];
    for (let start = 0; start < cells.length; start += count) {
      const row = cells.slice(start, start + count);
      const last = row.length - 1;
      rows.push(
        row
          .map((cell, column) => {
            const text = column === last ? cell : `${cell}, `;
            const wide = displayWidth(text) - text.length;
            const width = columnWidths[column] - (column === last ? gap : 0) - wide;
            if (flushRight) return text.padStart(width);
            return column === last ? text : text.padEnd(width);
          })
          .join(""),
      );
    }
    return [...rows, ...more];
  }
}

const ZERO_WIDTH = /\p{Mark}|[\u200b-\u200f\u2060-\u2064\ufeff]/u;
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Columns of a terminal that a text takes. */
function displayWidth(text) {
  let width = 0;
  for (const character of text) {
    if (character >= " " && character <= "~") width += 1;
    else if (!ZERO_WIDTH.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

function own(object, key) {
  return getOwnPropertyDescriptor(object, key)?.value;
}

function ownKeys(value) {
  const symbols = getOwnPropertySymbols(value).filter((key) => getOwnPropertyDescriptor(value, key).enumerable);
  return [...keysOf(value), ...symbols];
}

function isIndex(key) {
  return typeof key === "string" && /^(0|[1-9][0-9]*)$/.test(key) && Number(key) < 2 ** 32 - 1;
}

function isBoxed(value) {
  return [Number, String, Boolean, BigInt, Symbol].some((kind) => accepts(kind.prototype.valueOf, value));
}

/** Of the class the value is an instance of; `null` where it has no prototype. */
function constructorName(value) {
  let object = value;
  while (object !== null && object !== undefined) {
    const descriptor = getOwnPropertyDescriptor(object, "constructor");
    const found = descriptor?.value;
    if (typeof found === "function" && found.name !== "" && isInstance(value, found)) return String(found.name);
    object = getPrototypeOf(object);
  }
  return null;
}

function isInstance(value, constructor) {
  try {
    return value instanceof constructor;
  } catch {
    return false;
  }
}

function tagOf(value, name) {
  let tag;
  try {
    tag = value[Symbol.toStringTag];
  } catch {
    // A getter that wants an instance was found on its prototype.
  }
  const isShown = typeof tag === "string" && tag !== name && !Object.prototype.propertyIsEnumerable.call(value, Symbol.toStringTag);
  return isShown ? tag : "";
}

function functionText(value, name, tag) {
  const source = sourceText.call(value);
  if (source.startsWith("class") && /^class[\s{]/.test(source)) {
    const own = Object.hasOwn(value, "name") && value.name !== "" ? `[class ${value.name}` : "[class (anonymous)";
    const kind = name !== "Function" && name !== null ? ` [${name}]` : "";
    const parent = getPrototypeOf(value);
    const heritage = parent === null ? " extends null" : parent.name ? ` extends ${parent.name}` : "";
    return `${own}${kind}${tag ? ` [${tag}]` : ""}${heritage}]`;
  }
  const kind = name === null ? "Function (null prototype)" : (KINDS.get(getPrototypeOf(value)) ?? "Function");
  const known = typeof value.name === "string" && value.name !== "";
  const text = known ? `[${kind}: ${value.name}]` : `[${kind} (anonymous)]`;
  const shown = tag && !KINDS.has(getPrototypeOf(value)) ? `${text} [${tag}]` : text;
  return name !== null && name !== "Function" && !/Function$/.test(name) ? `${shown} ${name}` : shown;
}

const KINDS = new Map([
  [getPrototypeOf(async () => {}), "AsyncFunction"],
  [getPrototypeOf(function* () {}), "GeneratorFunction"],
  [getPrototypeOf(async function* () {}), "AsyncGeneratorFunction"],
]);

function symbolText(symbol) {
  return Symbol.prototype.toString.call(symbol);
}

const ESCAPES = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\" };

/** In single quotes, unless others save an escape. */
function quote(text) {
  let mark = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) mark = '"';
    else if (!text.includes("`") && !text.includes("${")) mark = "`";
  }
  const escaped = text.replace(/[\x00-\x1f\x7f-\x9f\\'\ud800-\udfff]/gu, (found) => {
    if (found === "'") return mark === "'" ? "\\'" : "'";
    if (ESCAPES[found]) return ESCAPES[found];
    const code = found.charCodeAt(0);
    return code > 255 ? `\\u${code.toString(16)}` : `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return mark + escaped + mark;
}

export function inspect(value, options) {
  const depth = options?.depth;
  return new Printer(depth === null ? Infinity : (depth ?? MAX_DEPTH)).print(value);
}

// ---- console ------------------------------------------------------------------------------------

/** Arguments as `console.log` joins them: a first text may hold `%s` and its like. */
export function format(...args) {
  let text = "";
  let next = 0;
  if (typeof args[0] === "string") {
    next = 1;
    text = args[0].replace(/%[sdifjoOc%]/g, (directive) => {
      if (directive === "%%") return args.length > 1 ? "%" : directive;
      if (next >= args.length) return directive;
      return substitute(directive, args[next++]);
    });
  }
  const rest = args.slice(next).map((value) => (typeof value === "string" ? value : inspect(value)));
  return [...(next > 0 ? [text] : []), ...rest].join(" ");
}

function substitute(directive, value) {
  switch (directive) {
    case "%s":
      if (typeof value === "bigint" || typeof value === "symbol" || Object.is(value, -0)) return inspect(value);
      if (typeof value !== "object" || value === null) return String(value);
      return hasOwnText(value) ? String(value) : inspect(value, { depth: 0 });
    case "%d":
      if (typeof value === "bigint") return `${value}n`;
      return typeof value === "symbol" || typeof value === "object" ? "NaN" : inspect(Number(value));
    case "%i":
      if (typeof value === "bigint") return `${value}n`;
      return typeof value === "symbol" || typeof value === "object" ? "NaN" : inspect(Number.parseInt(value));
    case "%f":
      return typeof value === "symbol" ? "NaN" : inspect(Number.parseFloat(value));
    case "%j":
      try {
        return String(JSON.stringify(value));
      } catch {
        return "[Circular]";
      }
    case "%o":
      return inspect(value, { depth: 4 });
    case "%O":
      return inspect(value);
    default:
      // %c styles text in browsers.
      return "";
  }
}

/** Whether a class of the program, not of the language, says how it reads as text. */
function hasOwnText(value) {
  if (isError(value)) return true;
  for (let object = value; object !== null && object !== Object.prototype; object = getPrototypeOf(object)) {
    if (Object.hasOwn(object, "toString") || Object.hasOwn(object, Symbol.toPrimitive)) {
      const { constructor } = object;
      return object === value || !(typeof constructor === "function" && /\[native code\]/.test(sourceText.call(constructor)));
    }
  }
  return false;
}

let margin = "";
const counts = new Map();
const timers = new Map();

function line(stream, args) {
  const text = format(...args);
  write(stream, `${margin}${margin ? text.replaceAll("\n", `\n${margin}`) : text}\n`);
}

function elapsed(since) {
  const ms = clock() - since;
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  return ms < 60000 ? `${(ms / 1000).toFixed(3)}s` : `${Math.floor(ms / 60000)}:${((ms % 60000) / 1000).toFixed(3).padStart(6, "0")} (m:ss.mmm)`;
}

const out = (...args) => line(1, args);
const err = (...args) => line(2, args);

const methods = {
  log: out,
  info: out,
  debug: out,
  error: err,
  warn: err,
  trace(...args) {
    const stack = mapStack(new Error().stack.split("\n").slice(1).join("\n"));
    line(2, [`Trace${args.length > 0 ? `: ${format(...args)}` : ""}${stack ? `\n${stack}` : ""}`]);
  },
  assert(condition, ...args) {
    if (condition) return;
    if (typeof args[0] === "string") args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift("Assertion failed");
    line(2, args);
  },
  dir: (value, options) => write(1, `${margin}${inspect(value, options).replaceAll("\n", `\n${margin}`)}\n`),
  dirxml: out,
  table: out,
  group(...args) {
    if (args.length > 0) line(1, args);
    margin += "  ";
  },
  groupCollapsed: (...args) => methods.group(...args),
  groupEnd() {
    margin = margin.slice(2);
  },
  count(label = "default") {
    const count = (counts.get(`${label}`) ?? 0) + 1;
    counts.set(`${label}`, count);
    line(1, [`${label}: ${count}`]);
  },
  countReset: (label = "default") => void counts.delete(`${label}`),
  time: (label = "default") => void timers.set(`${label}`, clock()),
  timeLog(label = "default", ...args) {
    if (timers.has(`${label}`)) line(1, [`${label}: ${elapsed(timers.get(`${label}`))}`, ...args]);
  },
  timeEnd(label = "default") {
    methods.timeLog(label);
    timers.delete(`${label}`);
  },
};

define("console", methods);

function define(name, value) {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

// ---- timers -------------------------------------------------------------------------------------

/** What waits, in no order: programs have few timers. */
const waiting = new Map();
let lastTimer = 0;

class Timeout {
  #id;
  constructor(id) {
    this.#id = id;
  }
  ref() {
    return this;
  }
  unref() {
    return this;
  }
  hasRef() {
    return true;
  }
  [Symbol.toPrimitive]() {
    return this.#id;
  }
}

function start(callback, delay, args, isRepeated) {
  if (typeof callback !== "function") {
    throw new TypeError(`The "callback" argument must be of type function. Received ${inspect(callback)}`);
  }
  const ms = delay >= 1 && delay <= 2 ** 31 - 1 ? Math.trunc(delay) : 1;
  const id = ++lastTimer;
  waiting.set(id, { id, due: clock() + ms, callback, args, every: isRepeated ? ms : undefined });
  return new Timeout(id);
}

const resolved = Promise.resolve();
const { then } = Promise.prototype;

// As a promise's reaction, so that what it throws is told like any rejection that nobody handles.
define("queueMicrotask", (callback) => void then.call(resolved, () => void callback()));

const stop = (timer) => void waiting.delete(Number(timer));

define("setTimeout", (callback, delay, ...args) => start(callback, delay, args, false));
define("setInterval", (callback, delay, ...args) => start(callback, delay, args, true));
define("setImmediate", (callback, ...args) => start(callback, 0, args, false));
define("clearTimeout", stop);
define("clearInterval", stop);
define("clearImmediate", stop);

function next() {
  let first;
  for (const timer of waiting.values()) {
    if (first === undefined || timer.due < first.due) first = timer;
  }
  return first;
}

/** Milliseconds until a timer is due; `undefined` where none waits. */
export function untilNextTimer() {
  const timer = next();
  return timer === undefined ? undefined : Math.max(0, timer.due - clock());
}

/** Runs the timer that is due first. */
export function runNextTimer() {
  const timer = next();
  if (timer === undefined || timer.due > clock()) return;
  if (timer.every === undefined) waiting.delete(timer.id);
  else timer.due = clock() + timer.every;
  timer.callback.apply(undefined, timer.args);
}

// ---- process ------------------------------------------------------------------------------------

const program = {
  argv: [],
  env: {},
  exitCode: undefined,
  platform: "msc",
  exit(code = program.exitCode) {
    exit(Number(code ?? 0) | 0);
    // The engine is stopped at its next check; until then nothing of the program goes on.
    throw new Error("the program has ended");
  },
  stdout: { write: (text) => (write(1, String(text)), true), isTTY: false },
  stderr: { write: (text) => (write(2, String(text)), true), isTTY: false },
  nextTick: (callback, ...args) => queueMicrotask(() => callback(...args)),
};

define("process", program);

export function setArguments(args) {
  program.argv = args;
}

/** The status a program that came to its end asked for. */
export function exitCode() {
  return Number(program.exitCode ?? 0) | 0;
}

/** What is told of an error that nothing caught. */
export function uncaught(error) {
  return `Uncaught ${inspect(error)}\n`;
}
