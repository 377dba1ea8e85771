// How often `msc lsp` and TypeScript 7's server say the same about plain TypeScript. See README.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Server } from './client.mjs';
import { shuffled } from './positions.mjs';

const options = { count: '200', seed: '1', msc: 'target/debug/msc', tsc: 'tsc', least: '99' };
const projects = [];
for (let at = 2; at < process.argv.length; at++) {
  const name = /^--(\w+)$/.exec(process.argv[at])?.[1];
  if (name === undefined) {
    projects.push(resolve(process.argv[at]));
  } else if (name in options || name === 'json') {
    options[name] = process.argv[++at];
  } else {
    throw new Error(`no option --${name}`);
  }
}
if (projects.length === 0) {
  console.error('agree.mjs [--count 200] [--seed 1] [--msc PROGRAM] [--tsc PROGRAM] [--least PERCENT] [--json FILE] PROJECT...');
  process.exit(2);
}

const ASPECTS = ['hover', 'definition', 'completion'];

/** The type text of a hover: its code, without how it is laid out. */
function typeText(hover) {
  const contents = hover?.contents;
  const text = typeof contents === 'string' ? contents : (contents?.value ?? '');
  const code = /```\w*\n([^]*?)\n?```/.exec(text)?.[1] ?? '';
  return code.replace(/\s+/g, ' ').trim();
}

/** Where a definition leads: file and first position of each target. */
function targets(answer) {
  const list = answer === null ? [] : Array.isArray(answer) ? answer : [answer];
  const shown = list.map((one) => {
    const uri = decodeURIComponent(one.targetUri ?? one.uri);
    const { start } = one.targetSelectionRange ?? one.range;
    // Each server has a library of its own; the file and the place in it are the same.
    const library = /\/(lib\.[\w.]+\.d\.ts)$/.exec(uri)?.[1];
    return `${library ?? uri}:${start.line + 1}:${start.character + 1}`;
  });
  return [...new Set(shown)].sort();
}

/** Labels in scope or of members; names that would have to be imported apart, and keywords and snippets left out. */
function labels(answer) {
  const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
  const own = new Set();
  const imports = new Set();
  for (const item of items) {
    // 15 is a snippet. Names of other modules sort as "16" in TypeScript's servers, and here.
    if (item.kind === 15) {
      continue;
    }
    ((item.sortText ?? '').startsWith('16') ? imports : own).add(item.label.replace(/\?$/, ''));
  }
  return { own, imports };
}

const missing = (from, all) => [...from].filter((one) => !all.has(one)).sort();

/** The difference of two answers in one aspect; `null` where there is none. */
function difference(aspect, ours, theirs) {
  if (aspect === 'completion') {
    const [a, b] = [labels(ours), labels(theirs)];
    const [less, more] = [missing(b.own, a.own), missing(a.own, b.own)];
    return less.length + more.length === 0 ? null : { kind: less.length ? 'names missing' : 'names more', less, more };
  }
  const [a, b] = aspect === 'hover' ? [typeText(ours), typeText(theirs)] : [targets(ours).join(' '), targets(theirs).join(' ')];
  if (a === b) {
    return null;
  }
  const kind = a === '' ? 'no answer of ours' : b === '' ? 'no answer of theirs' : 'another answer';
  return { kind, ours: a, theirs: b };
}

async function compare(folder) {
  const ours = new Server('msc', [resolve(options.msc), 'lsp'], folder);
  const theirs = new Server('TypeScript', [options.tsc, '--lsp', '--stdio'], folder);
  const both = [ours, theirs];
  await Promise.all(both.map((server) => server.start(folder)));
  const result = { project: folder.split('/').at(-1), asked: 0, passed: 0, agree: { hover: 0, definition: 0, completion: 0 }, differences: [] };
  const open = new Set();
  for (const place of shuffled(folder, options.tsc, Number(options.seed))) {
    if (result.asked === Number(options.count)) {
      break;
    }
    const path = join(folder, place.file);
    const uri = pathToFileURL(path).href;
    if (!open.has(uri)) {
      open.add(uri);
      const text = readFileSync(path, 'utf8');
      const textDocument = { uri, languageId: 'typescript', version: 1, text };
      both.forEach((server) => server.tell('textDocument/didOpen', { textDocument }));
    }
    const at = { line: place.line, character: place.character };
    const end = { line: place.line, character: place.character + place.name.length };
    const ask = (server) => async (method, position) =>
      server.ask(method, { textDocument: { uri }, position, context: method.endsWith('completion') ? { triggerKind: 1 } : undefined });
    const answers = await Promise.all(
      both.map(async (server) => [
        await ask(server)('textDocument/hover', at),
        await ask(server)('textDocument/definition', at),
        await ask(server)('textDocument/completion', end),
      ]),
    );
    // A word that is no name to either (a contextual keyword, a property of a type-only construct) tells nothing.
    if (answers.every(([hover, definition]) => typeText(hover) === '' && targets(definition).length === 0)) {
      result.passed += 1;
      continue;
    }
    result.asked += 1;
    ASPECTS.forEach((aspect, index) => {
      const found = difference(aspect, answers[0][index], answers[1][index]);
      if (found === null) {
        result.agree[aspect] += 1;
      } else {
        const where = `${place.file}:${place.line + 1}:${place.character + 1}`;
        result.differences.push({ aspect, where, name: place.name, ...found });
      }
    });
  }
  await Promise.all(both.map((server) => server.stop()));
  return result;
}

const results = [];
for (const folder of projects) {
  if (!existsSync(join(folder, 'tsconfig.json'))) {
    throw new Error(`${folder} has no tsconfig.json`);
  }
  const result = await compare(folder);
  results.push(result);
  const percent = (count) => `${((100 * count) / result.asked).toFixed(1)} %`;
  const shares = ASPECTS.map((aspect) => `${aspect} ${percent(result.agree[aspect])}`).join(', ');
  console.log(`${result.project}: ${result.asked} positions: ${shares}`);
  for (const { aspect, where, name, kind, ours, theirs, less, more } of result.differences) {
    const short = (text) => (text.length > 300 ? `${text.slice(0, 300)}…` : text);
    const detail = less === undefined ? `\n    msc: ${short(ours)}\n    ts7: ${short(theirs)}` : ` -${short(less.join(' '))} +${short(more.join(' '))}`;
    console.log(`  ${aspect} at ${where} (${name}): ${kind}${detail}`);
  }
}
if (options.json) {
  writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
}
const shares = results.flatMap((result) => ASPECTS.map((aspect) => (100 * result.agree[aspect]) / result.asked));
process.exit(shares.every((share) => share >= Number(options.least)) ? 0 : 1);
