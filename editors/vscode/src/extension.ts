// Metascript in VS Code: starts `msc lsp`, and offers what the protocol has no words for.

import * as path from 'node:path';
import * as vscode from 'vscode';
import {
  LanguageClient,
  RevealOutputChannelOn,
  State,
  TransportKind,
  type LanguageClientOptions,
  type ServerOptions,
} from 'vscode-languageclient/node';
import { Expansions, SCHEME, showExpansion } from './expansion';
import { inTerminal, program, run } from './program';
import { Status } from './status';

let client: LanguageClient | undefined;
/** Our own handler of what code lenses name, where an older server brings none. */
let lens: vscode.Disposable | undefined;

const LENS = 'metascript.expandMacro';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const status = new Status();
  const log = vscode.window.createOutputChannel('Metascript', { log: true });
  const expansions = new Expansions();
  context.subscriptions.push(
    status,
    log,
    expansions,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, expansions),
  );

  const restart = async (): Promise<void> => {
    await stop();
    await start(status, log);
  };
  const command = (name: string, handler: (...args: never[]) => unknown): void => {
    context.subscriptions.push(vscode.commands.registerCommand(name, handler));
  };
  command('metascript.restart', restart);
  command('metascript.showLog', () => log.show());
  command('metascript.expandLine', () => {
    const editor = metascriptEditor();
    return editor && showExpansion(editor.document.uri, editor.selection.active.line + 1);
  });
  command('metascript.expandFile', () => {
    const editor = metascriptEditor();
    return editor && showExpansion(editor.document.uri);
  });
  command('metascript.run', async () => {
    const editor = metascriptEditor();
    if (editor !== undefined) {
      await editor.document.save();
      inTerminal(['run', editor.document.uri.fsPath], path.dirname(editor.document.uri.fsPath));
    }
  });
  // `metascript.trust` is the server's: only one of us may register a name.
  command('metascript.review', () => inFolder((folder) => inTerminal(['trust'], folder)));
  command('metascript.doctor', () => inFolder((folder) => inTerminal(['doctor'], folder), context.extensionPath));
  command('metascript.init', () => inFolder(initialise));

  context.subscriptions.push(
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('metascript.server')) {
        await restart();
      }
    }),
  );
  await start(status, log);
}

export function deactivate(): Promise<void> {
  return stop();
}

async function start(status: Status, log: vscode.LogOutputChannel): Promise<void> {
  const found = await run(['--version'], process.cwd());
  if (found.code !== 0) {
    status.failed(`${program()}: ${found.err}`);
    const choice = await vscode.window.showErrorMessage(
      `Metascript needs the program ${program()}, which cannot be run: ${found.err}`,
      'Open Settings',
    );
    if (choice !== undefined) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'metascript.server.path');
    }
    return;
  }
  log.info(`${found.out.trim()}: ${program()}`);
  const args = vscode.workspace.getConfiguration('metascript').get<string[]>('server.arguments') ?? [];
  const server: ServerOptions = { command: program(), args: ['lsp', ...args], transport: TransportKind.stdio };
  const options: LanguageClientOptions = {
    // Expansions are nobody's files: the server would take them for modules.
    documentSelector: [{ scheme: 'file', language: 'metascript' }],
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    // In restricted mode macros have no permissions, whatever was granted before.
    initializationOptions: { ...vscode.workspace.getConfiguration('metascript'), trusted: vscode.workspace.isTrusted },
    synchronize: {
      configurationSection: 'metascript',
      fileEvents: vscode.workspace.createFileSystemWatcher('**/{*.ms,*.ts,*.mts,*.json}'),
    },
    markdown: { supportHtml: false },
    middleware: {
      // Ours stays beside the source and follows its changes; the server's is a plain file.
      executeCommand: (command, args: unknown[], next) => (command === LENS ? openLens(args) : next(command, args)),
    },
  };
  client = new LanguageClient('metascript', 'Metascript', server, options);
  client.onDidChangeState((event) => status.show(event.newState));
  try {
    await client.start();
  } catch (error) {
    status.failed(error instanceof Error ? error.message : String(error));
    return;
  }
  if (!(await vscode.commands.getCommands(true)).includes(LENS)) {
    lens = vscode.commands.registerCommand(LENS, (...args: unknown[]) => openLens(args));
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  lens?.dispose();
  lens = undefined;
  if (running !== undefined && running.state !== State.Stopped) {
    await running.dispose();
  }
}

function openLens(args: readonly unknown[]): Promise<void> | undefined {
  const place = placeOf(args);
  return place && showExpansion(place.file, place.line);
}

function metascriptEditor(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId === 'metascript' && editor.document.uri.scheme === 'file') {
    return editor;
  }
  void vscode.window.showInformationMessage('Open a .ms file first.');
  return undefined;
}

/** The arguments of `metascript.expandMacro`: a URI, and a position or range or nothing. */
function placeOf(args: readonly unknown[]): { file: vscode.Uri; line?: number } | undefined {
  const first = args[0];
  const fields = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : {};
  const document = fields['textDocument'] as { uri?: unknown } | undefined;
  const uri = typeof first === 'string' ? first : (fields['uri'] ?? document?.uri);
  if (typeof uri !== 'string') {
    const editor = metascriptEditor();
    return editor && { file: editor.document.uri, line: editor.selection.active.line + 1 };
  }
  const where = (args[1] ?? fields['position'] ?? fields['range']) as { line?: unknown; start?: { line?: unknown } } | undefined;
  const line = where?.line ?? where?.start?.line;
  const file = vscode.Uri.parse(uri);
  return typeof line === 'number' ? { file, line: line + 1 } : { file };
}

/** Calls `action` with the workspace folder: the only one, or the one that the person picks. */
async function inFolder(action: (folder: string) => unknown, otherwise?: string): Promise<void> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0];
  const place = folder?.uri.fsPath ?? (folders.length === 0 ? otherwise : undefined);
  if (place !== undefined) {
    await action(place);
  } else if (folders.length === 0) {
    void vscode.window.showInformationMessage('Open a folder first.');
  }
}

async function initialise(folder: string): Promise<void> {
  const result = await run(['init', folder], folder);
  if (result.code !== 0) {
    void vscode.window.showErrorMessage(`No project was begun: ${result.err}`);
    return;
  }
  await vscode.window.showTextDocument(vscode.Uri.file(path.join(folder, 'src', 'main.ms')));
}
