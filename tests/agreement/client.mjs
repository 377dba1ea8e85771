// A language server behind a pipe, asked one question after the other.
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/** What both servers are told that the editor can do: the same for both, so that answers have the same form. */
const CAPABILITIES = {
  general: { positionEncodings: ['utf-16'] },
  textDocument: {
    hover: { contentFormat: ['markdown'] },
    definition: { linkSupport: true },
    completion: {
      contextSupport: true,
      completionItem: {
        snippetSupport: true,
        labelDetailsSupport: true,
        insertReplaceSupport: true,
        resolveSupport: { properties: ['additionalTextEdits', 'documentation', 'detail'] },
      },
      completionList: { itemDefaults: ['commitCharacters', 'editRange', 'data'] },
    },
  },
  workspace: { configuration: true, workspaceFolders: true },
};

export class Server {
  #child;
  #waiting = new Map();
  #next = 1;
  #input = Buffer.alloc(0);

  constructor(name, command, folder) {
    this.name = name;
    this.#child = spawn(command[0], command.slice(1), { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout.on('data', (data) => this.#read(data));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code) => this.#end(`${name} ended with ${code}`));
  }

  async start(folder, settings) {
    const uri = pathToFileURL(folder).href;
    const answer = await this.ask('initialize', {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ uri, name: 'project' }],
      capabilities: CAPABILITIES,
      initializationOptions: settings,
    });
    this.tell('initialized', {});
    return answer;
  }

  ask(method, params) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ jsonrpc: '2.0', id, method, params });
    });
  }

  tell(method, params) {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  async stop() {
    await this.ask('shutdown', undefined).catch(() => {});
    this.tell('exit', undefined);
    this.#child.stdin.end();
  }

  #send(message) {
    const body = Buffer.from(JSON.stringify(message));
    this.#child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.#child.stdin.write(body);
  }

  #read(data) {
    this.#input = Buffer.concat([this.#input, data]);
    for (;;) {
      const head = this.#input.indexOf('\r\n\r\n');
      const length = head < 0 ? null : /content-length: *(\d+)/i.exec(this.#input.subarray(0, head).toString());
      if (!length || this.#input.length < head + 4 + Number(length[1])) {
        return;
      }
      const end = head + 4 + Number(length[1]);
      this.#heard(JSON.parse(this.#input.subarray(head + 4, end).toString()));
      this.#input = this.#input.subarray(end);
    }
  }

  #heard(message) {
    if (message.method !== undefined) {
      if (message.id !== undefined) {
        // A question of the server's: no setting has a value, and everything else is taken note of.
        const result = message.method === 'workspace/configuration' ? message.params.items.map(() => null) : null;
        this.#send({ jsonrpc: '2.0', id: message.id, result });
      }
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) {
      waiting?.reject(new Error(`${this.name}: ${message.error.message}`));
    } else {
      waiting?.resolve(message.result);
    }
  }

  #end(why) {
    for (const { reject } of this.#waiting.values()) {
      reject(new Error(why));
    }
    this.#waiting.clear();
  }
}
