// The JavaScript half of a macro worker, evaluated in every fresh context before anybody else's
// code: the globals that lowered macros call ($quote, $emit), the context and the target shapes of
// std/meta, and the functions that ask the parent for inputs. `run` is called by runtime.rs.
//
// A piece of generated text travels as [text, kind, a, b, c]:
//   QUOTE [text, 0, module, start, 0]    TARGET [text, 1, start, end, 0]
//   COMPUTED [text, 2, module, start, end]    GLUE [text, 3, 0, 0, 0]
// where `module` indexes state.modules and offsets are bytes.

const QUOTE = 0, TARGET = 1, COMPUTED = 2, GLUE = 3;
const ask = globalThis.$ask;
delete globalThis.$ask;
// A macro may break its own globals; its answer should still come through.
const { parse, stringify } = JSON;

// Where something stands in the use's file, and its text there when `text` is something else.
const RANGE = Symbol("range");
const SOURCE = Symbol("source");

let state;

// Unicode's tables are large, and this file is loaded for every expansion: they are asked only about
// names that need them.
const ASCII_IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const ASCII_PART = /^[\w$]+$/;
const BEYOND_ASCII = /[^\0-\x7f]/;
let unicode;
const tables = () => (unicode ??= {
  identifier: new RegExp("^[\\p{ID_Start}$_][\\p{ID_Continue}$\\u200c\\u200d]*$", "u"),
  part: new RegExp("^[\\p{ID_Continue}$\\u200c\\u200d]+$", "u"),
});
const isIdentifier = (text) => ASCII_IDENTIFIER.test(text) || (BEYOND_ASCII.test(text) && tables().identifier.test(text));
const isIdentifierPart = (text) => ASCII_PART.test(text) || (BEYOND_ASCII.test(text) && tables().part.test(text));
const isDotted = (text) => isIdentifier(text) || (text.includes(".") && text.split(".").every(isIdentifier));
const endsInIdentifier = (text) => text !== "" && (text.endsWith("#") || isIdentifierPart(text[text.length - 1]));
const startsInIdentifier = (text) => text !== "" && isIdentifierPart(text[0]);

// ---- Values that stand for code ----------------------------------------------------------------

class Fragment {
  #form;
  #pieces;
  constructor(form, pieces) {
    this.#form = form;
    this.#pieces = pieces;
    Object.freeze(this);
  }
  get kind() { return this.#form; }
  get text() { return this.#pieces.map((piece) => piece[0]).join(""); }
  toString() { return this.text; }
  static pieces(fragment) { return fragment.#pieces; }
}
const { pieces: piecesOf } = Fragment;

class Syntax {
  constructor(text, range, source) {
    this.text = text;
    this[RANGE] = range;
    if (source !== undefined && source !== text) this[SOURCE] = source;
  }
  toString() { return this.text; }
  toJSON() { return this.text; }
  // The characters from `start` to `end` as an expression that leads back to where they stand.
  slice(start, end = this.text.length) {
    const text = this.text.slice(start, end);
    const range = this[RANGE];
    if (range === undefined || this[SOURCE] !== undefined) return new Expr(text);
    const from = range.start + utf8Length(this.text.slice(0, start));
    return new Expr(text, { start: from, end: from + utf8Length(text) });
  }
}
class Name extends Syntax {
  // What it is spliced as, made once: a field's name stands in a dozen places.
  #piece;
  #isPlain;
  // Whether it could be pushed: a name that needs care takes the long way.
  static push(out, name, position) {
    const range = name[RANGE];
    if (range === undefined) return false;
    if (name.#piece === undefined) {
      const text = name[SOURCE] ?? name.text;
      name.#piece = [text, TARGET, range.start, range.end, 0];
      name.#isPlain = isIdentifier(text);
    }
    if (!name.#isPlain && position === "name") return false;
    out.push(name.#piece);
    return true;
  }
}
const { push: pushName } = Name;
class Expr extends Syntax {}
class TypeNode extends Syntax {}
class Block extends Syntax {}
class TypeRef extends TypeNode {
  constructor(json) {
    super(json.text, json.range);
    this.kind = json.kind;
    this.name = json.name;
    this.args = many(json.args, typeRef);
    this.fields = many(json.fields, (each) => new Field(each));
  }
}

class Attribute {
  constructor(json) {
    this.name = json.name;
    this.args = many(json.args, expr);
    this[RANGE] = json.range;
  }
}
class Field {
  constructor(json) {
    this.name = name(json.name);
    this.type = optional(json.type, typeRef);
    this.initializer = optional(json.initializer, expr);
    this.isStatic = json.isStatic === true;
    this.isReadonly = json.isReadonly === true;
    this.isOptional = json.isOptional === true;
    this.isPrivate = json.isPrivate === true;
    this.visibility = json.visibility ?? "public";
    this.isAbstract = json.isAbstract === true;
    this.isOverride = json.isOverride === true;
    this.isParameter = json.isParameter === true;
    this.isAccessor = json.isAccessor === true;
    this.attributes = many(json.attributes, attribute);
    this.doc = json.doc;
    this[RANGE] = json.range;
  }
}
class Param {
  constructor(json) {
    this.name = name(json.name);
    this.type = optional(json.type, typeRef);
    this.initializer = optional(json.initializer, expr);
    this.isOptional = json.isOptional === true;
    this.isRest = json.isRest === true;
    this.isField = json.isField === true;
    this.attributes = many(json.attributes, attribute);
    this[RANGE] = json.range;
  }
}
class Method {
  constructor(json) {
    this.name = name(json.name);
    this.typeParameters = many(json.typeParameters, typeParam);
    this.params = many(json.params, param);
    this.returnType = optional(json.returnType, typeRef);
    this.isStatic = json.isStatic === true;
    this.isAsync = json.isAsync === true;
    this.isPrivate = json.isPrivate === true;
    this.visibility = json.visibility ?? "public";
    this.isAbstract = json.isAbstract === true;
    this.isOverride = json.isOverride === true;
    this.isOptional = json.isOptional === true;
    this.isGenerator = json.isGenerator === true;
    this.accessor = json.accessor;
    this.attributes = many(json.attributes, attribute);
    this.doc = json.doc;
    this[RANGE] = json.range;
  }
}
class TypeParam {
  constructor(json) {
    this.name = name(json.name);
    this.constraint = optional(json.constraint, typeNode);
    this.default = optional(json.default, typeNode);
    this[RANGE] = json.name.range;
  }
}
class EnumMember {
  constructor(json) {
    this.name = name(json.name);
    this.initializer = optional(json.initializer, expr);
    this.doc = json.doc;
    this[RANGE] = json.name.range;
  }
}
class Owner {
  constructor(json) {
    this.kind = json.kind;
    this.name = optional(json.name, name);
    this.owner = optional(json.owner, owner);
  }
}
class Constructor {
  constructor(params) { this.params = params.map(param); }
}
const FLAGS = ["isStatic", "isAsync", "isGenerator", "isOverride", "isReadonly", "isOptional", "isRest", "isAccessor",
  "isMethod", "isField", "isConst"];
class Target {
  constructor(json) {
    this.kind = json.kind;
    this.name = optional(json.name, name);
    this.typeParameters = many(json.typeParameters, typeParam);
    this.extends = many(json.extends, typeRef);
    this.implements = many(json.implements, typeRef);
    this.heritage = { extends: this.extends, implements: this.implements };
    this.fields = many(json.fields, (each) => new Field(each));
    this.methods = many(json.methods, (each) => new Method(each));
    // Not by a look at the property: every object inherits a `constructor`.
    this.constructors = Object.hasOwn(json, "constructor") ? [new Constructor(json.constructor)] : [];
    this.params = many(json.params, param);
    this.returnType = optional(json.returnType, typeRef);
    this.members = many(json.members, (each) => new EnumMember(each));
    this.type = optional(json.type, typeRef);
    this.initializer = optional(json.initializer, expr);
    this.isAbstract = json.isAbstract === true;
    const modifiers = json.modifiers ?? {};
    this.visibility = modifiers.visibility ?? "public";
    for (const flag of FLAGS) this[flag] = modifiers[flag] === true;
    this.accessor = modifiers.accessor;
    this.keyword = modifiers.keyword;
    this.owner = optional(json.owner, owner);
    this.isExported = json.isExported === true;
    this.isDeclared = json.isDeclared === true;
    this.attributes = many(json.attributes, attribute);
    this.doc = json.doc;
    this.text = json.syntax.text;
    this[RANGE] = json.syntax.range;
  }
  toString() { return this.text; }
}

// What is absent, empty or false is left out of the data.
const optional = (json, make) => (json === undefined ? undefined : make(json));
const many = (json, make) => (json === undefined ? [] : json.map(make));
const expr = (json) => new Expr(json.text, json.range);
const typeNode = (json) => new TypeNode(json.text, json.range);
const typeRef = (json) => new TypeRef(json);
const attribute = (json) => new Attribute(json);
const param = (json) => new Param(json);
const typeParam = (json) => new TypeParam(json);
const owner = (json) => new Owner(json);
function name(json) {
  const source = json.text;
  const quoted = source[0] === '"' || source[0] === "'";
  return new Name(quoted ? unquote(source) : source, json.range, source);
}

const ESCAPES = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", 0: "\0", "\n": "" };
function unquote(source) {
  return source.slice(1, -1).replace(/\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([^]))/g,
    (_, braced, four, two, other) =>
      other === undefined ? String.fromCodePoint(parseInt(braced ?? four ?? two, 16)) : ESCAPES[other] ?? other);
}

// ---- Errors ------------------------------------------------------------------------------------

class SpliceError extends Error {
  constructor(message, help, site) {
    super(message);
    this.name = "SpliceError";
    this.help = help;
    this.site = site;
  }
}
class LiteralError extends Error {
  constructor(message, help) {
    super(message);
    this.name = "LiteralError";
    this.help = help;
  }
}
class InputError extends Error {
  constructor(kind, message, help) {
    super(message);
    this.name = "InputError";
    this.kind = kind;
    this.help = help;
  }
}

class ModuleError extends Error {
  constructor(message, site) {
    super(message);
    this.site = site;
  }
}

// What a value is, in words.
function describe(value) {
  if (value === null) return "null";
  if (value === undefined) return "undefined";
  switch (typeof value) {
    case "function": return value.name ? `the function \`${value.name}\`` : "a function";
    case "object": break;
    case "string": return `the string ${stringify(value.length > 40 ? value.slice(0, 40) + "…" : value)}`;
    case "symbol": return "a symbol";
    default: return `the ${typeof value} ${String(value)}`;
  }
  if (Array.isArray(value)) return "an array";
  if (value instanceof Name) return `the name \`${value.text}\``;
  if (value instanceof Fragment) return `${value.kind === "expression" ? "an" : "a"} ${value.kind} fragment`;
  const made = value.constructor?.name;
  if (!made || made === "Object") return "an object";
  return `${/^[AEIOU]/.test(made) ? "an" : "a"} ${made}`;
}

// ---- Quotes and splices ------------------------------------------------------------------------

const POSITIONS = {
  name: "as a name", expression: "as an expression", type: "as a type", argument: "as an argument",
  statement: "as a statement", member: "as a class member", parameter: "as a parameter",
  typeParameter: "as a type parameter",
};

function moduleIndex(module) {
  let index = state.modules.indexOf(module);
  if (index < 0) index = state.modules.push(module) - 1;
  return index;
}

function $quote(form, module, parts) {
  const pieces = [];
  const index = moduleIndex(module);
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    if (part.length === 2) {
      if (part[0] !== "") pieces.push([part[0], QUOTE, index, part[1], 0]);
    } else {
      const next = parts[i + 1];
      const after = next === undefined ? "" : next.length === 2 ? next[0] : isNamed(next[0]) ? "x" : " ";
      const site = [index, part[2], part[3]];
      const position = isNamed(part[0]) ? "name" : part[0];
      checkKind(position, part[1], site);
      checkWord(part[0], part[1], before(pieces), after, site);
      splice(pieces, position, part[1], site, after);
    }
  }
  return new Fragment(form, pieces);
}

// A binding is a name that a declaration gives; any other may be a reserved word.
const isNamed = (position) => position === "name" || position === "binding";

const RESERVED = new Set(("break case catch class const continue debugger default delete do else enum export extends false " +
  "finally for function if import in instanceof new null return super switch this throw true try typeof var void while with " +
  "implements interface let package private protected public static yield await eval arguments").split(" "));
// What identifier() may make of them: expressions of their own.
const WORD_VALUES = new Set(["this", "super", "null", "true", "false", "import", "arguments", "eval", "await", "yield"]);

// Refuses words that no declaration can give, and that mean nothing as an expression or a type.
function checkWord(position, value, left, right, site) {
  const isBinding = position === "binding";
  const text = typeof value === "string" ? (isBinding ? value : "")
    : value instanceof Name ? value.text : isBinding && value instanceof Fragment ? value.text : "";
  if (!RESERVED.has(text) || (isBinding && (endsInIdentifier(left) || startsInIdentifier(right)))) return;
  const isUsed = position === "expression" || position === "argument" || position === "statement";
  if (!isBinding && (value[RANGE] !== undefined || !isUsed || WORD_VALUES.has(text))) return;
  refuse(value, isBinding ? "name" : position, site, `\`${text}\` is a reserved word: nothing can be declared by that name`);
}

// Refuses fragments that can make no sense in a place. Members and statements are alike here: what
// a block reads as is decided before anybody knows where it will stand.
function checkKind(position, value, site) {
  if (position === "name" || position === "parameter" || position === "typeParameter") return;
  if (Array.isArray(value)) {
    for (const each of value) if (each instanceof Fragment) checkKind(position, each, site);
    return;
  }
  if (!(value instanceof Fragment)) return;
  const { kind } = value;
  const isExpression = position === "expression" || position === "argument";
  const isType = position === "type";
  // A name is an expression and a type, and so is a literal.
  const fits = isExpression || isType
    ? kind === (isType ? "type" : "expression") || ((kind === "expression" || kind === "type") && (isDotted(value.text) || isLiteral(value.text)))
    : kind !== "type";
  if (!fits) refuse(value, position, site);
}

const LITERAL = /^(?:"(?:[^"\\\n]|\\.)*"|-?[0-9][0-9.]*(?:e[+-]?[0-9]+)?n?|true|false|null)$/;
const isLiteral = (text) => LITERAL.test(text);

const before = (out) => (out.length ? out[out.length - 1][0] : "");
const glue = (text) => [text, GLUE, 0, 0, 0];
const computed = (text, site) => (site ? [text, COMPUTED, site[0], site[1], site[2]] : glue(text));
function target(value, site) {
  const range = value[RANGE];
  const text = value[SOURCE] ?? value.text;
  return range ? [text, TARGET, range.start, range.end, 0] : computed(text, site);
}

function refuse(value, position, site, help) {
  throw new SpliceError(`${describe(value)} cannot be inserted ${POSITIONS[position] ?? "here"}`, help, site);
}

const isCode = (value) =>
  value instanceof Fragment || value instanceof Syntax || value instanceof Param || value instanceof TypeParam || value instanceof Target;

// Appends to `out` what `value` becomes at `position`.
function splice(out, position, value, site, after) {
  if (value instanceof Name) {
    if (!pushName(out, value, position)) spliceName(out, position, value, site, after);
  } else if (value instanceof Fragment) {
    const pieces = piecesOf(value);
    const text = position === "expression" || position === "type" ? value.text : "";
    const wrap = position === "expression" ? needsParens(text, before(out), after)
      : position === "type" && typeNeedsParens(text, before(out), after);
    if (wrap) out.push(glue("("));
    for (const piece of pieces) out.push(piece);
    if (wrap) out.push(glue(")"));
  } else if (Array.isArray(value)) {
    spliceList(out, position, value, site, after);
  } else if (value instanceof TypeNode) {
    spliceType(out, position, value, site, after);
  } else if (value instanceof Expr) {
    if (position === "name" && !isIdentifier(value.text)) refuse(value, position, site, "only an identifier can be a name");
    if (position === "type" && !isDotted(value.text)) refuse(value, position, site);
    const wrap = position === "expression" && needsParens(value.text, before(out), after);
    if (wrap) out.push(glue("("));
    out.push(target(value, site));
    if (wrap) out.push(glue(")"));
  } else if (value instanceof Block) {
    // Where a value is wanted, statements are the body of a function.
    const isBody = before(out).trimEnd().endsWith("=>");
    if (!isBody && position !== "statement") refuse(value, position, site, "a block is statements: make a function of it, `() => ${block}`");
    if (isBody) out.push(glue("{"));
    out.push(target(value, site));
    if (isBody) out.push(glue("}"));
  } else if (value instanceof Target) {
    out.push(target(value, site));
  } else if (value instanceof TypeParam) {
    if (position === "typeParameter") spliceTypeParam(out, value, site);
    else splice(out, position, value.name, site, after);
  } else if (value instanceof Param) {
    if (position !== "parameter") refuse(value, position, site, "its `name` is the parameter's name");
    spliceParam(out, value, site);
  } else {
    spliceValue(out, position, value, site, after);
  }
}

function spliceList(out, position, list, site, after) {
  if (position === "statement" || position === "member") {
    list.forEach((each, i) => {
      if (i > 0) out.push(glue("\n"));
      splice(out, position, each, site, "\n");
    });
  } else if (position === "parameter" || position === "typeParameter" || position === "type" || position === "argument") {
    // Whatever the items are: one rule, that does not turn at an empty list. `[${list}]` is an array.
    list.forEach((each, i) => {
      if (i > 0) out.push(glue(", "));
      if (position === "argument" && !isCode(each)) writeLiteral(out, each, site, []);
      else splice(out, position, each, site, ",");
    });
  } else if (position === "name") {
    refuse(list, position, site);
  } else {
    spliceValue(out, position, list, site, after);
  }
}

function spliceName(out, position, value, site, after) {
  const piece = target(value, site);
  const text = piece[0];
  const plain = isIdentifier(text) || (text[0] === "#" && isIdentifier(text.slice(1)));
  if (position === "name" && !plain) {
    const previous = out[out.length - 1];
    const joined = endsInIdentifier(before(out)) || startsInIdentifier(after);
    if (joined) refuse(value, position, site, "only an identifier can be joined to other text");
    // `x.${name}` where the name is a string, a number or computed is `x["name"]`.
    if (previous !== undefined && previous[0].endsWith(".")) {
      const optionalChain = previous[0].endsWith("?.");
      if (!optionalChain) out[out.length - 1] = [previous[0].slice(0, -1), ...previous.slice(1)];
      if (text[0] === "[") {
        out.push(piece);
      } else {
        out.push(glue("["), piece, glue("]"));
      }
      return;
    }
  } else if (position === "name" && text[0] === "#" && endsInIdentifier(before(out))) {
    refuse(value, position, site, "a private name cannot be joined to other text");
  }
  out.push(piece);
}

function spliceType(out, position, value, site, after) {
  if (position === "type") {
    const wrap = typeNeedsParens(value.text, before(out), after);
    if (wrap) out.push(glue("("));
    out.push(target(value, site));
    if (wrap) out.push(glue(")"));
    return;
  }
  // Where a value is expected, a named type is the class of that name: `new ${type}()`.
  const named = value instanceof TypeRef ? value.kind === "named" && value.name : isDotted(value.text) && value.text;
  if (!named || position === "statement" || position === "member") {
    refuse(value, position, site, "a type can stand only where a type is expected");
  }
  const range = value[RANGE];
  out.push(range && value.text.startsWith(named)
    ? [named, TARGET, range.start, range.start + utf8Length(named), 0]
    : computed(named, site));
}

function spliceTypeParam(out, value, site) {
  out.push(target(value.name, site));
  if (value.constraint) out.push(glue(" extends "), target(value.constraint, site));
  if (value.default) out.push(glue(" = "), target(value.default, site));
}

function spliceParam(out, value, site) {
  if (value.isRest) out.push(glue("..."));
  out.push(target(value.name, site));
  if (value.isOptional && !value.initializer) out.push(glue("?"));
  if (value.type) out.push(glue(": "), target(value.type, site));
  if (value.initializer) out.push(glue(" = "), target(value.initializer, site));
}

function spliceValue(out, position, value, site, after) {
  switch (position) {
    case "name": {
      const joined = endsInIdentifier(before(out));
      const text = typeof value === "number" && Number.isInteger(value) && value >= 0 && joined ? String(value) : value;
      if (typeof text !== "string") refuse(value, position, site);
      const open = startsInIdentifier(after);
      const fits = joined ? text === "" || isIdentifierPart(text)
        : isIdentifier(text) || (text === "" && open)
          || (text[0] === "#" && before(out).endsWith(".") && isIdentifier(text.slice(1)));
      if (!fits) refuse(value, position, site, "a string in a name's place must be an identifier");
      if (text !== "") out.push(computed(text, site));
      return;
    }
    case "type":
      if (typeof value !== "string" || !isDotted(value)) {
        refuse(value, position, site, "use a TypeRef, the name of a type, or `quote type { … }`");
      }
      out.push(computed(value, site));
      return;
    case "parameter":
    case "typeParameter":
      if (typeof value !== "string" || !isIdentifier(value)) refuse(value, position, site);
      out.push(computed(value, site));
      return;
    case "statement":
    case "member":
      refuse(value, position, site, "use a fragment: `quote { … }`");
    // falls through: `refuse` throws
    default: {
      const literal = [];
      writeLiteral(literal, value, site, []);
      const text = literal.length === 1 ? literal[0][0] : "{";
      const wrap = position === "expression"
        && (needsParens(text, before(out), after) || (typeof value === "number" && after.startsWith(".")));
      if (wrap) out.push(glue("("));
      for (const piece of literal) out.push(piece);
      if (wrap) out.push(glue(")"));
    }
  }
}

// Writes a value as a literal; code inside it is inserted. `path` holds the objects around it, `way` how
// one gets from one to the next.
function writeLiteral(out, value, site, path, way = []) {
  const text = (it) => {
    const last = out[out.length - 1];
    // Neighbours of one origin are one piece, so that a table of 10,000 numbers is not 20,000 pieces.
    if (last !== undefined && last.literal) last[0] += it;
    else {
      const piece = computed(it, site);
      Object.defineProperty(piece, "literal", { value: true });
      out.push(piece);
    }
  };
  const fail = (why, help) => {
    if (site === undefined && way.length > 0) why += `: the value's ${way.join("").replace(/^\./, "")}`;
    throw site === undefined ? new LiteralError(why, help) : new SpliceError(why, help, site);
  };
  switch (typeof value) {
    case "string": return text(stringify(value));
    case "number": return text(Object.is(value, -0) ? "-0" : String(value));
    case "bigint": return text(`${value}n`);
    case "boolean":
    case "undefined": return text(String(value));
    case "object": break;
    default: return fail(`${describe(value)} has no literal form`, "return data, or code as a quote");
  }
  if (value === null) return text("null");
  if (isCode(value)) return splice(out, "argument", value, site ?? null, ",");
  if (path.includes(value)) return fail("a value that contains itself has no literal form", "break the cycle");
  path.push(value);
  if (Array.isArray(value)) {
    text("[");
    for (let i = 0; i < value.length; i++) {
      if (i > 0) text(", ");
      way.push(`[${i}]`);
      writeLiteral(out, value[i], site, path, way);
      way.pop();
    }
    text("]");
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) {
      const help = value instanceof Map ? "turn it into an object or an array: `Object.fromEntries(map)`, `[...map]`"
        : value instanceof Set ? "turn it into an array: `[...set]`"
        : value instanceof EngineDate ? "turn it into a number or a text: `date.getTime()`, `date.toISOString()`"
        : "turn it into plain objects, arrays, strings and numbers: `{ ...value }` has the fields of an object";
      fail(`${describe(value)} has no literal form`, help);
    }
    const keys = Object.keys(value);
    if (keys.length === 0) text("{}");
    else {
      // Code reads better with a line for each property.
      const [open, between, close] = keys.length > 1 && keys.some((key) => isCode(value[key]))
        ? ["{\n", ",\n", ",\n}"] : ["{ ", ", ", " }"];
      keys.forEach((key, i) => {
        const written = key === "__proto__" ? '["__proto__"]' : isIdentifier(key) ? key : stringify(key);
        text(`${i > 0 ? between : open}${written}: `);
        way.push(isIdentifier(key) ? `.${key}` : `[${stringify(key)}]`);
        writeLiteral(out, value[key], site, path, way);
        way.pop();
      });
      text(close);
    }
  }
  path.pop();
}

function utf8Length(text) {
  let length = 0;
  for (const char of text) {
    const code = char.codePointAt(0);
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

// ---- The context -------------------------------------------------------------------------------

const MEMBER_TARGETS = new Set(["class", "interface", "enum"]);

function defaultPlace(fragment) {
  const { target } = state;
  if (target === undefined) return "Value";
  if (!MEMBER_TARGETS.has(target.kind)) return "After";
  // Statements have no place in a class body; they belong beside it.
  return target.kind === "class" && fragment instanceof Fragment && fragment.kind === "statements" ? "After" : "Members";
}

function emitAt(place, value) {
  const pieces = [];
  if (place !== "Value") splice(pieces, place === "Members" ? "member" : "statement", value, null, "");
  else if (isCode(value)) splice(pieces, "argument", value, null, "");
  else writeLiteral(pieces, value, null, []);
  state.emissions.push([place, pieces]);
}

function $emit(value) {
  const isList = Array.isArray(value) && (state.target !== undefined || (value.length > 0 && value.every(isCode)));
  if (isList) for (const each of value) $emit(each);
  else emitAt(defaultPlace(value), value);
}

// Stands for a function that does not parse.
function $broken(why, module, start, end) {
  throw new ModuleError(why, [moduleIndex(module), start, end]);
}

// A compile-time block in code that runs at compile time: its value is what the program sees.
function $comptime(block) {
  const outer = state.emissions;
  state.emissions = [];
  try {
    const value = block();
    if (state.emissions.length > 0 || isCode(value)) {
      throw new LiteralError(
        "this `@comptime` makes code, which has a value at run time only",
        "share what both need in a compile-time function that returns data",
      );
    }
    writeLiteral([], value, undefined, []);
    return value;
  } finally {
    state.emissions = outer;
  }
}

function rangeOf(at) {
  if (at === undefined || at === null) return null;
  if (at instanceof Target) return at.name?.[RANGE] ?? at[RANGE];
  if (at instanceof Fragment) {
    const piece = piecesOf(at).find((each) => each[1] === TARGET);
    return piece ? { start: piece[2], end: piece[3] } : null;
  }
  return at[RANGE] ?? null;
}

const hash = (text) => {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(36);
};
// White space and comments do not make another use: an output is kept where only they change.
const tokens = (value) => String(value).replace(/\/\*[^]*?\*\/|\/\/[^\n]*|\s+/g, "");
const asIdentifier = (text) => {
  const cleaned = String(text).replace(/[^\w$\u0080-\uffff]/g, "_");
  return isIdentifier(cleaned) ? cleaned : `_${cleaned}`;
};
const stackHere = () => new Error().stack ?? "";

// The module of the caller outside this prelude.
function callerModule(stack) {
  for (const line of stack.split("\n")) {
    const found = /^\s*at [^(]*\((.*):\d+:\d+\)$/.exec(line);
    if (found && !found[1].startsWith("msc:")) return found[1];
  }
  return state.entry;
}

// More than anybody reads; each becomes a diagnostic of the editor.
const REPORTS = 200;

function report(isError, at, message, help) {
  if (typeof at === "string" && message === undefined) [at, message] = [undefined, at];
  if (state.reports.length === REPORTS) return;
  state.reports.push({
    isError, at: rangeOf(at), message: String(message), help: help === undefined ? null : String(help), stack: stackHere(),
  });
}

class MacroContext {
  constructor(target, block, typeArguments) {
    this.target = target;
    this.block = block;
    this.typeArguments = typeArguments;
  }
  addMembers(fragment) { emitAt("Members", fragment); }
  addBefore(fragment) { emitAt("Before", fragment); }
  addAfter(fragment) { emitAt("After", fragment); }
  replace(fragment) { emitAt("Replace", fragment); }
  emit(fragment) { $emit(fragment); }
  // The local name depends only on what is imported: two expansions that import one thing agree.
  import(module, name) {
    [module, name] = [String(module), String(name)];
    if (!isIdentifier(name)) throw new TypeError(`${describe(name)} is no name that a module can export`);
    const isRelative = module.startsWith(".");
    const from = isRelative ? callerModule(stackHere()) : state.entry;
    const key = isRelative ? `${from}\n${module}\n${name}` : `${module}\n${name}`;
    let local = state.locals.get(key);
    if (local === undefined) {
      local = new Name(`${asIdentifier(name)}$${hash(key)}`);
      state.locals.set(key, local);
      state.imports.push({ module, from, name, local: local.text });
    }
    return local;
  }
  // Distinct within the expansion, and between uses that differ in target or arguments.
  unique(hint) {
    state.seed ??= hash(`${state.macro}\n${state.target?.kind}\n${state.target?.name}\n${[...state.typeArgs, ...state.args].map(tokens).join("\n")}`);
    const count = state.uniques++;
    return new Name(`${asIdentifier(hint ?? "it")}$${state.seed}${count > 0 ? `_${count}` : ""}`);
  }
  error(at, message, help) { report(true, at, message, help); }
  warn(at, message, help) { report(false, at, message, help); }
}

// A name made by code, for where a string would become a string literal.
function identifier(text) {
  if (!isDotted(String(text))) throw new TypeError(`${describe(text)} is no identifier`);
  return new Name(String(text));
}

// Code with a doc comment before it, whatever its text holds.
function documented(text, code) {
  if (!(code instanceof Fragment)) throw new TypeError(`${describe(code)} cannot be documented: it is no fragment`);
  const lines = String(text).trim().replaceAll("*/", "*\\/").split(/\r?\n/).map((line) => line.trimEnd());
  const comment = lines.length === 1 ? `/** ${lines[0]} */` : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */`;
  return new Fragment(code.kind, [glue(`${comment}\n`), ...piecesOf(code)]);
}

// ---- Inputs ------------------------------------------------------------------------------------

function request(kind, ...parameters) {
  const [answer, first, second, third] = ask(kind, parameters);
  if (answer !== "error") return first;
  const error = new InputError(first, second, third);
  if (first === "NotPermitted") state.refusal ??= error;
  throw error;
}

const readFile = (path) => request("readFile", String(path));
function parseInput(text, from) {
  try {
    return parse(text);
  } catch (error) {
    throw new InputError("Invalid", `${from} is not valid JSON: ${error.message}`, undefined);
  }
}
const readJson = (path) => parseInput(readFile(path), path);
const glob = (pattern) => request("glob", String(pattern));
const env = (name) => request("env", String(name));
const exec = (program, args = []) => request("exec", String(program), args.map(String));
function fetch(url, init = {}) {
  const headers = Object.entries(init.headers ?? {}).map(([key, value]) => [key, String(value)]);
  const response = request("fetch", String(url), String(init.method ?? "GET"), headers, init.body === undefined ? "" : String(init.body));
  return {
    status: response.status,
    ok: response.status >= 200 && response.status < 300,
    headers: Object.fromEntries(response.headers),
    text: () => response.body,
    json: () => parseInput(response.body, `the answer of ${url}`),
  };
}

// ---- console -----------------------------------------------------------------------------------

const LOG_LINES = 1000, LOG_LENGTH = 16384;

function inspect(value, depth, path) {
  if (typeof value === "string") return depth === 0 ? value : stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function: ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Fragment || value instanceof Syntax) return value.text;
  if (path.includes(value)) return "[Circular]";
  if (depth > 4) return Array.isArray(value) ? "[Array]" : "[Object]";
  const inside = [...path, value];
  const show = (each) => inspect(each, depth + 1, inside);
  const many = (items) => (items.length > 100 ? [...items.slice(0, 100), `… ${items.length - 100} more`] : items).join(", ");
  if (Array.isArray(value)) return `[${many(value.map(show))}]`;
  const made = value.constructor?.name;
  const prefix = made && made !== "Object" ? `${made} ` : "";
  if (value instanceof Map) return `Map {${many([...value].map(([key, each]) => `${show(key)} => ${show(each)}`))}}`;
  if (value instanceof Set) return `Set {${many([...value].map(show))}}`;
  const entries = Object.keys(value).map((key) => `${isIdentifier(key) ? key : stringify(key)}: ${show(value[key])}`);
  return entries.length ? `${prefix}{ ${many(entries)} }` : `${prefix}{}`;
}

function log(...values) {
  if (state.logs.length > LOG_LINES) return;
  if (state.logs.length === LOG_LINES) return void state.logs.push("… further output left out");
  const text = values.map((value) => inspect(value, 0, [])).join(" ");
  state.logs.push(text.length > LOG_LENGTH ? `${text.slice(0, LOG_LENGTH)}…` : text);
}

// ---- Running -----------------------------------------------------------------------------------

const define = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

// The clock stands still while a block runs, and both are recorded: a block that is not run again
// keeps what it made of them. The host refuses them to macros.
const EngineDate = Date;
const now = () => (state.now ??= request("clock"));
function CompileTimeDate(...args) {
  if (new.target === undefined) return new EngineDate(now()).toString();
  return Reflect.construct(EngineDate, args.length === 0 ? [now()] : args, new.target);
}
Object.defineProperties(CompileTimeDate, Object.getOwnPropertyDescriptors(EngineDate));
Object.defineProperty(CompileTimeDate, "now", { value: now, writable: true, configurable: true });
EngineDate.prototype.constructor = CompileTimeDate;
define("Date", CompileTimeDate);

// Mulberry32, twice for each number; seeded once for each block.
function random32() {
  state.chance = (state.chance + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state.chance ^ (state.chance >>> 15), state.chance | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
Object.defineProperty(Math, "random", {
  value: function random() {
    state.chance ??= request("chance") % 0x100000000 | 0;
    return ((random32() >>> 5) * 67108864 + (random32() >>> 6)) / 9007199254740992;
  },
});
Error.stackTraceLimit = 30;

const meta = {
  $quote, $emit, $comptime, $broken, readFile, readJson, glob, env, exec, fetch, identifier, documented,
  Fragment, Syntax, Name, Expr, TypeNode, Block, TypeRef, Attribute, Field, Method, Param, TypeParam, EnumMember,
  MacroContext,
};
for (const key of Object.keys(meta)) define(key, meta[key]);
define("console", { log, info: log, warn: log, error: log, debug: log, trace: log, dir: log });

function argument(json) {
  if (json.kind === "value") return json.json === "" ? undefined : parse(json.json);
  const { text, range } = json.syntax;
  switch (json.form) {
    case "name": return new Name(text, range);
    case "typeNode": return new TypeNode(text, range);
    default: return new Expr(text, range);
  }
}

const isThenable = (value) => value !== null && typeof value === "object" && typeof value.then === "function";

function failure(error) {
  if (error instanceof SpliceError) return { kind: "BadSplice", message: error.message, help: error.help, site: error.site, stack: error.stack };
  if (error instanceof ModuleError) return { kind: "Module", message: error.message, site: error.site };
  if (error instanceof LiteralError) return { kind: "NoLiteral", message: error.message, help: error.help, stack: error.stack };
  if (error instanceof InputError) {
    const kind = error.kind === "NotPermitted" ? "NotPermitted" : "Input";
    return { kind, message: error.message, help: error.help, stack: error.stack };
  }
  if (error instanceof Error) {
    const { name, message, stack } = error;
    if (name === "InternalError" && message === "out of memory") return { kind: "OutOfMemory", message };
    return { kind: "Threw", message: name === "Error" ? String(message) : `${name}: ${message}`, stack: String(stack ?? "") };
  }
  if (error === null) return { kind: "OutOfMemory", message: "out of memory" };
  return { kind: "Threw", message: `threw ${describe(error)}, which is no Error` };
}

// Called before any module of the macro is evaluated.
export function start(entry, root, macro, version) {
  state = {
    entry, macro, target: undefined, args: [], typeArgs: [], modules: [], emissions: [], imports: [], reports: [], logs: [],
    locals: new Map(), uniques: 0, seed: undefined, refusal: undefined, now: undefined, chance: undefined,
  };
  define("root", root);
  define("compiler", Object.freeze({ name: "msc", version }));
}

// What went wrong before or outside `run`, in the same form.
export function failed(error) {
  const { modules, reports, logs } = state;
  return stringify({ failure: { ...failure(error), modules }, reports, logs });
}

export function run(namespace, isComptime, inputText) {
  try {
    const input = parse(inputText);
    const called = isComptime ? namespace.default : namespace[state.macro];
    if (typeof called !== "function") {
      const what = isComptime ? "a compile-time block" : `\`${state.macro}\``;
      return stringify({ failure: { kind: "Module", message: `${what} is not exported by ${state.entry}` }, logs: [] });
    }
    state.target = optional(input.target, (json) => new Target(json));
    state.args = many(input.args, argument);
    state.typeArgs = many(input.typeArgs, typeRef);
    const block = optional(input.block, (json) => new Block(json.text, json.range));
    const value = isComptime ? called() : called(new MacroContext(state.target, block, state.typeArgs), ...state.args);
    if (isThenable(value)) {
      throw new TypeError("a macro cannot be async: it returned a promise. The functions of std/meta answer at once, without await");
    }
    if (isComptime) {
      if (value !== undefined || state.emissions.length === 0) {
        const pieces = [];
        if (isCode(value)) splice(pieces, "argument", value, null, "");
        else writeLiteral(pieces, value, undefined, []);
        state.emissions.push(["Value", pieces]);
      }
    } else if (value !== undefined) {
      if (state.target === undefined || isCode(value) || Array.isArray(value)) $emit(value);
      else throw new SpliceError(`a macro returned ${describe(value)}; it can return a fragment or nothing`, undefined, null);
    }
    if (state.refusal) throw state.refusal;
    const { modules, emissions, imports, reports, logs } = state;
    return stringify({ output: { modules, emissions, imports, reports, logs } });
  } catch (error) {
    return failed(state.refusal ?? error);
  }
}
