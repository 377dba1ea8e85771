// What the VS Code test does, in a browser: opens the example in restricted mode, trusts it, opens an expansion,
// reads an error, completes.
//
// Started by tests/vscode.rs, which sets INSTALLED (where code-server lies), SHOP (the copied example), DATA and
// EXTENSIONS (VS Code's directories), PICTURES (where screenshots go) and CHROMIUM. Prints a transcript; leaves with
// 0, or with 1 at the first thing that is not as expected.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { INSTALLED, SHOP, DATA, EXTENSIONS, PICTURES, CHROMIUM } = process.env;
const PATIENCE = 120_000;
const require = createRequire(join(INSTALLED, 'package.json'));
const puppeteer = require('puppeteer-core');

const say = (text) => console.log(text);

/** Starts the server; its address, once it tells it. */
function serve() {
  const entry = join(INSTALLED, 'node_modules/code-server/out/node/entry.js');
  const args = ['--auth', 'none', '--bind-addr', '127.0.0.1:0', '--user-data-dir', DATA, '--extensions-dir', EXTENSIONS];
  const server = spawn(process.execPath, [entry, ...args, '--disable-telemetry', '--disable-update-check', SHOP]);
  const address = new Promise((resolve, reject) => {
    let text = '';
    server.stdout.on('data', (data) => {
      text += data;
      const found = /listening on (http:\/\/[0-9.:]+)/.exec(text);
      if (found) {
        resolve(found[1]);
      }
    });
    server.on('exit', (code) => reject(new Error(`code-server ended with ${code}:\n${text}`)));
  });
  return { server, address };
}

const { server, address } = serve();
let browser;
let page;
try {
  const origin = await address;
  say(`== VS Code at ${origin}`);
  browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--window-size=1400,900'],
    defaultViewport: { width: 1400, height: 900 },
  });
  page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);

  const open = async (file) => {
    const place = `vscode-remote://${new URL(origin).host}${SHOP}/${file}`;
    const payload = encodeURIComponent(JSON.stringify([['openFile', place]]));
    await page.goto(`${origin}/?folder=${encodeURIComponent(SHOP)}&payload=${payload}`);
    await page.waitForSelector('.view-lines .view-line');
  };
  // VS Code writes spaces that do not break.
  const shows = (selector, text) =>
    page.waitForFunction(
      (selector, text) =>
        [...document.querySelectorAll(selector)].some((it) => it.textContent.replace(/\u00a0/g, ' ').includes(text)),
      {},
      selector,
      text,
    );
  const click = async (selector, text) => {
    // VS Code draws anew as it likes: what was found may be gone when it is clicked.
    for (const until = Date.now() + PATIENCE; ; ) {
      try {
        return await clickOnce(selector, text);
      } catch (error) {
        if (!String(error).includes('detached') || Date.now() > until) {
          throw error;
        }
      }
    }
  };
  const clickOnce = async (selector, text) => {
    await shows(selector, text);
    const found = await page.evaluateHandle(
      (selector, text) =>
        [...document.querySelectorAll(selector)].find((it) => it.textContent.replace(/\u00a0/g, ' ').includes(text)),
      selector,
      text,
    );
    await found.asElement().click();
  };
  const picture = (name) => page.screenshot({ path: join(PICTURES, `${name}.png`) });

  say('== a folder nobody trusted is opened in restricted mode, and served');
  await open('src/model/user.ms');
  await shows('.statusbar-item', 'Restricted Mode');
  await shows('.codelens-decoration', '+4 members');
  await picture('restricted');

  say('== what a project asks for is not asked of the person there; VS Code asks whether to trust the folder');
  const asked = () => page.evaluate(() => document.querySelector('.notification-list-item')?.textContent ?? '');
  if ((await asked()).includes('macros')) {
    throw new Error(`asked in restricted mode: ${await asked()}`);
  }
  await click('.statusbar-item', 'Restricted Mode');
  await shows('.workspace-trust-editor', 'Trust');
  await picture('trust-of-the-folder');

  say('== it is trusted; the server starts anew, and asks what macros may do');
  await click('.workspace-trust-editor .monaco-button', 'Trust');
  await page.waitForFunction(
    () => ![...document.querySelectorAll('.statusbar-item')].some((it) => it.textContent.includes('Restricted Mode')),
  );
  await open('src/model/user.ms');
  await shows('.codelens-decoration', '+4 members');
  await shows('.notification-list-item', 'read the environment variable HOME');
  await shows('.notification-list-item .monaco-button', 'Allow');
  await picture('trust-of-macros');
  await click('.notification-list-item .monaco-button', 'Not now');

  say('== the code lens opens what the macro generates');
  await click('.codelens-decoration a', '+4 members');
  await shows('.tab', 'user.line 4.ms');
  await shows('.view-line', 'hashCode(): number');
  await picture('expansion');

  say('== a mistake is underlined, and generated members complete on unsaved text');
  await open('src/mistake.ms');
  await page.waitForSelector('.squiggly-error');
  await click('.view-line', 'export const same');
  await page.keyboard.down('Control');
  await page.keyboard.press('End');
  await page.keyboard.up('Control');
  await page.keyboard.type('\nnew User("a", 1).');
  await shows('.suggest-widget.visible .monaco-list-row', 'equals');
  await shows('.suggest-widget.visible .monaco-list-row', 'clone');
  await picture('completion');

  say('== all good');
} catch (error) {
  say(`FAILED: ${error.stack}`);
  if (page) {
    await page.screenshot({ path: join(PICTURES, 'failed.png') }).catch(() => {});
    const text = await page.evaluate(() => document.body.innerText).catch(() => '');
    say(text.slice(0, 4000));
  }
  process.exitCode = 1;
} finally {
  await browser?.close();
  server.kill();
}
