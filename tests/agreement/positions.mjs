// Identifiers of TypeScript files, and a choice among them that is the same each time.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const KEYWORDS = new Set(
  ('break case catch class const continue debugger default delete do else enum export extends false finally for function if import in ' +
    'instanceof new null return super switch this throw true try typeof var void while with as any async await boolean ' +
    'constructor declare from get implements interface infer is keyof let module namespace never number object of package ' +
    'private protected public readonly satisfies set static string symbol type undefined unique unknown yield abstract ' +
    'accessor asserts bigint global out override require').split(' '),
);

/** Whether a slash after this text begins a regular expression. */
function expectsExpression(before) {
  const text = before.trimEnd();
  const word = /[\p{ID_Continue}$]+$/u.exec(text)?.[0];
  if (word) {
    return ['return', 'typeof', 'case', 'in', 'of', 'do', 'else', 'void', 'delete', 'throw', 'new', 'await'].includes(word);
  }
  return text === '' || !/[)\]}"'`]$/.test(text);
}

/** The offsets of all identifiers: not keywords, and nothing in a comment, a string or a regular expression. */
export function identifiers(text) {
  const found = [];
  // Depths of braces at which a template goes on.
  const templates = [];
  let depth = 0;
  const template = (at) => {
    while (at < text.length && text[at] !== '`') {
      if (text[at] === '$' && text[at + 1] === '{') {
        templates.push(depth);
        return at + 2;
      }
      at += text[at] === '\\' ? 2 : 1;
    }
    return at + 1;
  };
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at, at + 2);
    if (rest === '//') {
      at = (text.indexOf('\n', at) + 1 || text.length + 1) - 1;
    } else if (rest === '/*') {
      at = (text.indexOf('*/', at + 2) + 1 || text.length) + 1;
    } else if (rest[0] === '"' || rest[0] === "'") {
      const end = new RegExp(`(?:\\\\[^]|[^\\\\\\n${rest[0]}])*${rest[0]}?`, 'y');
      end.lastIndex = at + 1;
      end.exec(text);
      at = end.lastIndex;
    } else if (rest[0] === '`') {
      at = template(at + 1);
    } else if (rest[0] === '/' && expectsExpression(text.slice(Math.max(0, at - 40), at))) {
      const end = /(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/\w*/y;
      end.lastIndex = at + 1;
      at = end.exec(text) ? end.lastIndex : at + 1;
    } else if (rest[0] === '{') {
      depth += 1;
      at += 1;
    } else if (rest[0] === '}') {
      at = templates.at(-1) === depth ? (templates.pop(), template(at + 1)) : (depth--, at + 1);
    } else {
      const word = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*|[0-9][\w.]*/uy;
      word.lastIndex = at;
      const name = word.exec(text)?.[0];
      if (name && !/^[0-9]/.test(name) && !KEYWORDS.has(name)) {
        found.push({ offset: at, name });
      }
      at += name?.length ?? 1;
    }
  }
  return found;
}

/** The files of a project's own that its tsconfig.json leads to: both servers have the same options for these. */
export function sources(folder, tsc) {
  const { stdout } = spawnSync(tsc, ['-p', folder, '--listFilesOnly'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const files = stdout.split('\n').map((line) => relative(folder, line.trim()));
  return files.filter((file) => /\.tsx?$/.test(file) && !file.startsWith('..') && !file.includes('node_modules')).sort();
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let value = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All identifiers of a project in an order that the seed decides. */
export function shuffled(folder, tsc, seed) {
  const all = sources(folder, tsc).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    let line = 0;
    let start = 0;
    return identifiers(text).map(({ offset, name }) => {
      for (let next = text.indexOf('\n', start); next >= 0 && next < offset; next = text.indexOf('\n', start)) {
        line += 1;
        start = next + 1;
      }
      return { file, name, line, character: offset - start };
    });
  });
  const next = random(seed);
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1));
    [all[last], all[other]] = [all[other], all[last]];
  }
  return all;
}
