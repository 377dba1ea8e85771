// Which `msc` is used, and short runs of it.

import { execFile } from 'node:child_process';
import * as vscode from 'vscode';

/** The program of the settings. In a folder that is not trusted VS Code hides what the folder itself sets. */
export function program(): string {
  return vscode.workspace.getConfiguration('metascript').get<string>('server.path')?.trim() || 'msc';
}

export interface Result {
  /** `undefined` where the program could not be started. */
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs `msc` to its end. Never throws: what went wrong is in `err`. */
export function run(args: readonly string[], cwd: string, token?: vscode.CancellationToken): Promise<Result> {
  return new Promise((resolve) => {
    const options = { cwd, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 };
    const child = execFile(program(), [...args], options, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
      const why = error !== null && err.trim() === '' ? error.message : err.trim();
      resolve({ code, out, err: why });
    });
    token?.onCancellationRequested(() => child.kill());
  });
}

/** Words as one line of a shell of `msc`'s terminal. */
export function inTerminal(args: readonly string[], cwd: string): void {
  const terminal = vscode.window.createTerminal({
    name: `msc ${args[0] ?? ''}`,
    cwd,
    shellPath: program(),
    shellArgs: [...args],
    iconPath: new vscode.ThemeIcon('symbol-event'),
  });
  terminal.show();
}
