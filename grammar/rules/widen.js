/**
 * Changes to the inherited rules that concern all of them alike.
 */

/** Rules in which a name is never spliced: labels, decorators, and tokens. */
const KEEP = new Set([
  'identifier',
  '_reserved_identifier',
  'labeled_statement',
  'break_statement',
  'continue_statement',
  'decorator',
  'decorator_member_expression',
  'decorator_call_expression',
  'decorator_parenthesized_expression',
]);

/**
 * Pairs of which the inherited grammar always prefers the first, although what follows decides: what begins
 * like a parameter can be a type in parentheses. rules/typescript.js has them as conflicts.
 */
const UNDECIDED = [
  ['member_expression', '_type_query_member_expression_in_type_annotation'],
  ['call_expression', '_type_query_call_expression_in_type_annotation'],
  ['predefined_type', 'pattern'],
].map(String);

/** Conflicts that the rules here do not have: operations are not called, and methods of literals are a rule apart. */
const UNNECESSARY = [
  ['call_expression', 'instantiation_expression', 'binary_expression'],
  ['call_expression', 'instantiation_expression', 'binary_expression', 'unary_expression'],
  ['call_expression', 'instantiation_expression', 'binary_expression', 'update_expression'],
  ['call_expression', 'instantiation_expression', 'binary_expression', 'await_expression'],
  ['primary_expression', 'method_definition'],
].map(String);

/** Declarations that may stand at the start of a statement with decorators of their own. */
const DECORATED = new Set([
  'class_declaration',
  'abstract_class_declaration',
  'export_statement',
]);

/** Members that a parameter list follows. */
const METHODS = new Set([
  'method_definition',
  'method_signature',
  'abstract_method_signature',
]);

const symbol = name => ({ type: 'SYMBOL', name });

const SPLICE = symbol('_splice_name');

const STATEMENT_DECORATOR = {
  type: 'ALIAS',
  content: symbol('_statement_decorator'),
  named: true,
  value: 'decorator',
};

const METHOD_SIGNATURE = {
  type: 'SEQ',
  members: [
    { type: 'CHOICE', members: [symbol('_after_member_name'), { type: 'BLANK' }] },
    symbol('_call_signature'),
  ],
};

/** Rebuilds a rule bottom up, with `change` applied to every part of it. */
function map(rule, change) {
  const copy = { ...rule };
  if (rule.content) copy.content = map(rule.content, change);
  if (rule.members) copy.members = rule.members.map(member => map(member, change));
  return change(copy, rule);
}

function isName(rule) {
  return rule.type === 'SYMBOL' && rule.name === 'identifier'
    || rule.type === 'CHOICE' && rule.members.some(isName);
}

/** `identifier` becomes `identifier or splice`; under an alias the splice keeps its own kind. */
function widen(rule) {
  if (rule.type === 'ALIAS' && isName(rule.content)) {
    return { type: 'CHOICE', members: [rule, SPLICE] };
  }
  if (isName(rule) && rule.type === 'SYMBOL') {
    return { type: 'CHOICE', members: [rule, SPLICE] };
  }
  const copy = { ...rule };
  if (rule.content) copy.content = widen(rule.content);
  if (rule.members) copy.members = rule.members.map(widen);
  return copy;
}

function adaptBase(base) {
  const inherited = base.grammar;
  const rules = {};
  for (const [name, rule] of Object.entries(inherited.rules)) {
    if (name.includes('jsx') || name === 'html_character_reference') continue;
    let adapted = KEEP.has(name) ? rule : widen(rule);
    if (DECORATED.has(name)) {
      adapted = map(adapted, part =>
        part.type === 'SYMBOL' && part.name === 'decorator' ? STATEMENT_DECORATOR : part);
    }
    if (METHODS.has(name)) {
      adapted = map(adapted, part =>
        part.type === 'SYMBOL' && part.name === '_call_signature' ? METHOD_SIGNATURE : part);
    }
    rules[name] = adapted;
  }
  const isJsx = value => JSON.stringify(value).includes('jsx');
  return {
    grammar: {
      ...inherited,
      rules,
      precedences: inherited.precedences.filter(order =>
        !UNDECIDED.includes(String(order.map(item => item.name)))),
      conflicts: inherited.conflicts.filter(rules => !UNNECESSARY.includes(String(rules.map(rule => rule.name ?? rule)))),
      externals: inherited.externals.filter(token => !isJsx(token)),
      inline: inherited.inline.filter(name => !isJsx(name)),
    },
  };
}

module.exports = { adaptBase };
