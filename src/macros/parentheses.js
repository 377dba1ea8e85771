// The last part of the prelude: which fragments need parentheses where they are inserted. It looks at
// texts only, and knows neither values nor splices.

// Of the text around a splice only the nearest word matters; these match what `ending` leaves.
const ending = (text) => text.trimEnd().slice(-10);
const BEFORE_WHOLE = /^$|[([,:;{}]$|[^=!<>]=$|=>$|\breturn$|\bthrow$/;
const AFTER_WHOLE = /^\s*(?:$|[)\],;:}])/;
const STATEMENT_START = /^$|[;{}]$|=>$/;
const DECLARES = /^\s*(?:\{|function\b|class\b|async\s+function\b|let\b)/;

// Whether an expression must be parenthesised between `left` and `right` to stay one operand.
function needsParens(text, before, right) {
  const left = ending(before);
  if (DECLARES.test(text) && STATEMENT_START.test(left)) return true;
  if (BEFORE_WHOLE.test(left) && AFTER_WHOLE.test(right)) return false;
  return !isPrimary(text);
}

// Any character beyond ASCII may be part of a name here: text that is no code fails elsewhere.
const WORD = /[A-Za-z_$#\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /(?:0[xXoObB][0-9a-fA-F_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)n?/y;
const OPERATORS = new Set(["new", "typeof", "void", "delete", "await", "yield", "async", "function", "class", "in", "of", "let"]);

// Whether the text is an operand by itself: a name, a literal, or one with members and calls after.
function isPrimary(text) {
  const source = text.trim();
  let at = first(source);
  while (at >= 0 && at < source.length) at = suffix(source, at);
  return at === source.length && at > 0;
}

function sticky(pattern, source, at) {
  pattern.lastIndex = at;
  const found = pattern.exec(source);
  return found ? found[0] : "";
}

function first(source) {
  const char = source[0];
  if (char === undefined) return -1;
  if ("([{\"'`".includes(char)) return balanced(source, 0);
  const word = sticky(WORD, source, 0);
  if (word) return OPERATORS.has(word) ? -1 : word.length;
  return sticky(NUMBER, source, 0).length || -1;
}

function suffix(source, at) {
  const char = source[at];
  if (char === "(" || char === "[" || char === "`") return balanced(source, at);
  if (char === "!" && source[at + 1] !== "=") return at + 1;
  if (char === "." || (char === "?" && source[at + 1] === ".")) {
    const start = char === "." ? at + 1 : at + 2;
    const word = sticky(WORD, source, start);
    if (word) return start + word.length;
    if (char === "?" && "([".includes(source[start])) return balanced(source, start);
  }
  return -1;
}

// The end of the bracket or quotation mark that opens at `at`; -1 where that is not plain to see.
function balanced(source, at) {
  const closers = [];
  for (let i = at; i < source.length; i++) {
    const char = source[i];
    if (char === '"' || char === "'" || char === "`") {
      for (i++; i < source.length && source[i] !== char; i++) {
        if (source[i] === "\\") i++;
        if (char === "`" && source[i] === "$" && source[i + 1] === "{") return -1;
      }
      if (i >= source.length) return -1;
    } else if (char === "(") closers.push(")");
    else if (char === "[") closers.push("]");
    else if (char === "{") closers.push("}");
    else if (char === "/") return -1;
    else if (char === ")" || char === "]" || char === "}") {
      if (closers.pop() !== char) return -1;
    }
    if (closers.length === 0) return i + 1;
  }
  return -1;
}

const TYPE_ALONE_BEFORE = /^$|[:<,([{|=]$|=>$|\bas$|\bextends$|\bsatisfies$|\breturn$|\bis$/;
const TYPE_ALONE_AFTER = /^\s*(?:$|[>,;)\]}={|]|\r?\n)/;
const SIMPLE_TYPE = /^[\w$.\u0080-\uffff"'\s-]+(?:<[^<>&|?=]*>)?(?:\[\])*$/;

function typeNeedsParens(text, before, right) {
  const source = text.trim();
  if (SIMPLE_TYPE.test(source) && !/\s/.test(source.replace(/<.*>/, ""))) return false;
  if (/^[[{][^]*[\]}]$/.test(source) && balanced(source, 0) === source.length) return false;
  const left = ending(before);
  if (!TYPE_ALONE_BEFORE.test(left) || !TYPE_ALONE_AFTER.test(right)) return true;
  // In a union, a function or conditional type would swallow what follows it.
  return (/\|\s*$/.test(left) || /^\s*\|/.test(right)) && /=>|\bextends\b/.test(source);
}
