// What macros generate, as read-only documents beside the source.

import * as path from 'node:path';
import * as vscode from 'vscode';
import { run } from './program';

export const SCHEME = 'metascript-expansion';

/** The document for `file`, or for the uses on one line of it (counted from 1). */
export function expansionUri(file: vscode.Uri, line?: number): vscode.Uri {
  // The name that a tab shows ends in `.ms`, so that it is coloured.
  const stem = path.posix.basename(file.path, '.ms');
  const name = line === undefined ? `${stem}.expanded.ms` : `${stem}.line ${line}.ms`;
  const query = new URLSearchParams({ file: file.fsPath });
  if (line !== undefined) {
    query.set('line', String(line));
  }
  return vscode.Uri.from({ scheme: SCHEME, path: path.posix.join(path.posix.dirname(file.path), name), query: query.toString() });
}

/** Asks `msc expand`; what it complains of becomes a comment, since a document has nothing else. */
export class Expansions implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly listener: vscode.Disposable;

  constructor() {
    // A macro in one file changes what another file generates: every shown expansion is asked for anew.
    this.listener = vscode.workspace.onDidSaveTextDocument((saved) => {
      if (saved.languageId !== 'metascript' && !/\.(ts|json)$/.test(saved.fileName)) {
        return;
      }
      for (const document of vscode.workspace.textDocuments) {
        if (document.uri.scheme === SCHEME) {
          this.changed.fire(document.uri);
        }
      }
    });
  }

  async provideTextDocumentContent(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const query = new URLSearchParams(uri.query);
    const file = query.get('file') ?? '';
    const line = query.get('line');
    const place = line === null ? file : `${file}:${line}`;
    const result = await run(['expand', '--color', 'never', place], path.dirname(file), token);
    if (result.out !== '') {
      return result.out;
    }
    const why = result.err || 'nothing is generated here';
    return why.split('\n').map((text) => `// ${text}`).join('\n') + '\n';
  }

  dispose(): void {
    this.listener.dispose();
    this.changed.dispose();
  }
}

/** Opens the expansion beside the source. */
export async function showExpansion(file: vscode.Uri, line?: number): Promise<void> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === file.toString());
  if (open?.isDirty) {
    // What is on disk is expanded.
    await open.save();
  }
  const document = await vscode.workspace.openTextDocument(expansionUri(file, line));
  await vscode.languages.setTextDocumentLanguage(document, 'metascript');
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true });
}
