// The entry in the status bar: whether the server runs, and a way to what can be done about it.

import * as vscode from 'vscode';
import { State } from 'vscode-languageclient/node';

export class Status implements vscode.Disposable {
  private readonly item = vscode.languages.createLanguageStatusItem('metascript', { language: 'metascript' });

  constructor() {
    this.item.name = 'Metascript';
    this.show(State.Starting);
  }

  show(state: State): void {
    this.item.severity = vscode.LanguageStatusSeverity.Information;
    this.item.busy = state === State.Starting;
    this.item.detail = vscode.workspace.isTrusted ? '' : 'restricted mode: macros have no permissions';
    if (state === State.Running) {
      this.item.text = 'msc';
      this.item.command = { command: 'metascript.showLog', title: 'Log' };
    } else if (state === State.Starting) {
      this.item.text = 'msc is starting';
      this.item.command = undefined;
    } else {
      this.failed('msc has stopped');
    }
  }

  failed(why: string): void {
    this.item.busy = false;
    this.item.severity = vscode.LanguageStatusSeverity.Error;
    this.item.text = 'msc does not run';
    this.item.detail = why;
    this.item.command = { command: 'metascript.restart', title: 'Restart' };
  }

  dispose(): void {
    this.item.dispose();
  }
}
