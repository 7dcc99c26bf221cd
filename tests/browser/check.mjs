// Every page in every look, then what a reader does with one; ends with 1 and the list of what failed.
// What is looked at stands in looks.mjs, what is done in behaviour.mjs.
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

import { behaviour, largePage, withoutScript } from './behaviour.mjs';
import { LOOKS, look, print } from './looks.mjs';

const [report, pages, pictures] = process.argv.slice(2);
if (!report || !pages) {
  console.error('usage: run REPORT_FOLDER PAGES_FOLDER [PICTURES_FOLDER]');
  process.exit(2);
}
if (pictures) mkdirSync(pictures, { recursive: true });

const address = (file) => pathToFileURL(resolve(file)).href;
const failures = [];

/** Runs one promise and remembers how it failed. */
async function promise(name, keep) {
  const start = Date.now();
  try {
    const told = await keep();
    console.log(`ok    ${name} (${Date.now() - start} ms)${told ? `: ${told}` : ''}`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL  ${name}: ${error.message}`);
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A page of its own, and what it did that no page of ours may do. */
async function open(options, use) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => request.isNavigationRequest() || wrong.push(`request: ${request.url()}`));
  try {
    const told = await use(page);
    if (wrong.length) throw new Error(wrong.slice(0, 5).join('; '));
    return told;
  } finally {
    await context.close();
  }
}

const own = join(report, 'report.html');
const made = (name) => join(pages, name);
const all = [['report', own], ...['hostile-de', 'hostile-en', 'empty-de', 'empty-en'].map((name) => [name, made(`${name}.html`)])];
for (const [name, file] of all) {
  if (!existsSync(file)) {
    await promise(name, () => { throw new Error(`${file} is missing; run cargo test page:: first`); });
    continue;
  }
  // The English pages have the same form; for them the two lights are enough.
  for (const one of LOOKS.filter((one) => !name.endsWith('-en') || one.name.endsWith('light'))) {
    await promise(`${name}, ${one.name}`, () => open(one.options, (page) => look(page, address(file), one, pictures && join(pictures, `${name}-${one.name}`))));
  }
  await promise(`${name}, printed`, () => open({}, (page) => print(page, address(file), pictures && join(pictures, `${name}.pdf`))));
  await promise(`${name}, without script`, () => open({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } }, (page) => withoutScript(page, address(file))));
}
for (const [name, keep] of behaviour) {
  await promise(name, () => open({ viewport: { width: 1280, height: 900 } }, (page) => keep(page, address(own))));
}
for (const name of ['large-de', 'huge-de']) {
  await promise(name, () => open({ viewport: { width: 1280, height: 900 } }, (page) => largePage(page, address(made(`${name}.html`)))));
}
await browser.close();
console.log(failures.length ? `${failures.length} failed: ${failures.join('; ')}` : 'all held');
process.exit(failures.length ? 1 : 0);
