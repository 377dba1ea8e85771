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

/** Declarations that may stand at the start of a statement with decorators of their own. */
const DECORATED = new Set([
  'class_declaration',
  'abstract_class_declaration',
  'export_statement',
]);

const symbol = name => ({ type: 'SYMBOL', name });

const SPLICE = symbol('_splice_name');

const STATEMENT_DECORATOR = {
  type: 'ALIAS',
  content: symbol('_statement_decorator'),
  named: true,
  value: 'decorator',
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
    rules[name] = adapted;
  }
  const isJsx = value => JSON.stringify(value).includes('jsx');
  return {
    grammar: {
      ...inherited,
      rules,
      externals: inherited.externals.filter(token => !isJsx(token)),
      inline: inherited.inline.filter(name => !isJsx(name)),
    },
  };
}

module.exports = { adaptBase };
