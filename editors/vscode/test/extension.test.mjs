// The built extension in a VS Code that is made of what it asks for: which commands it registers, what it starts, and
// what it shows where nothing can be started.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Module from 'node:module';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Something that can be called, constructed and asked for anything: the parts of the API that nobody looks at. */
function anything() {
  const target = function () {};
  return new Proxy(target, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => '' : name === 'then' ? undefined : anything()),
    apply: () => anything(),
    construct: () => anything(),
    set: () => true,
  });
}

class Emitter {
  listeners = [];
  event = (listener) => {
    this.listeners.push(listener);
    return { dispose() {} };
  };
  fire(value) {
    this.listeners.forEach((listener) => listener(value));
  }
  dispose() {}
}

/** Loads the extension anew, with `settings`. */
function load(settings) {
  const seen = { commands: new Map(), errors: [], schemes: new Map(), status: {} };
  const vscode = new Proxy(
    {
      EventEmitter: Emitter,
      Uri: { from: (parts) => ({ ...parts, toString: () => `${parts.scheme}:${parts.path}?${parts.query}` }) },
      LanguageStatusSeverity: { Information: 0, Warning: 1, Error: 2 },
      commands: {
        registerCommand: (name, handler) => {
          assert.ok(!seen.commands.has(name), `${name} is registered twice`);
          seen.commands.set(name, handler);
          return { dispose() {} };
        },
      },
      languages: { createLanguageStatusItem: () => seen.status },
      window: {
        createOutputChannel: () => anything(),
        showErrorMessage: async (message) => void seen.errors.push(message),
      },
      workspace: {
        isTrusted: true,
        textDocuments: [],
        getConfiguration: () => ({ get: (name) => settings[name] }),
        onDidSaveTextDocument: () => ({ dispose() {} }),
        onDidGrantWorkspaceTrust: () => ({ dispose() {} }),
        onDidChangeConfiguration: () => ({ dispose() {} }),
        registerTextDocumentContentProvider: (scheme, provider) => {
          seen.schemes.set(scheme, provider);
          return { dispose() {} };
        },
      },
    },
    { get: (known, name) => (name in known ? known[name] : anything()) },
  );
  const path = require.resolve('../dist/extension.js');
  delete require.cache[path];
  const original = Module._load;
  Module._load = (request, ...rest) => (request === 'vscode' ? vscode : original(request, ...rest));
  try {
    seen.extension = require(path);
  } finally {
    Module._load = original;
  }
  return seen;
}

const context = () => ({ subscriptions: [], extensionPath: '/' });

test('a program that is not there is told of, with its name', async () => {
  const seen = load({ 'server.path': '/nowhere/msc' });
  await seen.extension.activate(context());
  assert.equal(seen.errors.length, 1);
  assert.match(seen.errors[0], /\/nowhere\/msc, which cannot be run: .*ENOENT/);
  assert.equal(seen.status.severity, 2);
  assert.equal(seen.status.text, 'msc does not run');
});

test('every command of the manifest does something, and no other is registered', async () => {
  const seen = load({ 'server.path': '/nowhere/msc' });
  await seen.extension.activate(context());
  const declared = manifest.contributes.commands.map((it) => it.command).sort();
  assert.deepEqual([...seen.commands.keys()].sort(), declared);
});

test('an expansion is what msc prints, and a complaint is a comment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'metascript-'));
  try {
    const program = join(folder, 'msc');
    writeFileSync(program, '#!/bin/sh\ncase "$*" in *bad*) echo "error: no" >&2; exit 2;; *) echo "$*";; esac\n');
    chmodSync(program, 0o755);
    const seen = load({ 'server.path': program });
    // `--version` is answered, and the client then talks to a program that ends: only the provider matters here.
    const provider = async (file, line) => {
      const query = new URLSearchParams({ file, ...(line && { line }) }).toString();
      return seen.schemes.get('metascript-expansion').provideTextDocumentContent({ query }, undefined);
    };
    seen.extension.activate(context()).catch(() => {});
    const good = join(folder, 'a.ms');
    assert.equal(await provider(good), `expand --color never ${good}\n`);
    assert.equal(await provider(good, '3'), `expand --color never ${good}:3\n`);
    assert.equal(await provider(join(folder, 'bad.ms')), '// error: no\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
