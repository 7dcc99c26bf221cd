// What a page must be in every look: no text beyond its place, no violation that axe-core finds, nothing lost in print.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const screen = (width, height, colorScheme) => ({ viewport: { width, height }, colorScheme });
export const LOOKS = [
  { name: '390-light', options: screen(390, 844, 'light') },
  { name: '390-dark', options: screen(390, 844, 'dark') },
  { name: '1280-light', options: screen(1280, 900, 'light') },
  { name: '1280-dark', options: screen(1280, 900, 'dark') },
  { name: '1280-forced-colors', options: { ...screen(1280, 900, 'light'), forcedColors: 'active' } },
];

/** Elements whose text leaves its place, or the page. */
function overflowing() {
  const width = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > width) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const phone = width < 700;
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg, script, .hidden, .skip, noscript, thead') || !element.checkVisibility()) continue;
    const scroll = element.closest('.scroll');
    const box = element.getBoundingClientRect();
    // What lies in a box that scrolls may be wider than the screen on a desk; on a telephone rows are stacked.
    if (scroll && !(phone && element.closest('.list, .stack'))) continue;
    if (box.width > 0 && box.right > width + 1) found.push(`${element.tagName}.${element.className} ends at ${Math.round(box.right)}`);
    if (!['SELECT', 'INPUT'].includes(element.tagName) && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1 && !element.classList.contains('scroll')) {
      found.push(`${element.tagName}.${element.className} holds ${element.scrollWidth} in ${element.clientWidth}`);
    }
  }
  return found.slice(0, 5);
}

const openAll = () => document.querySelectorAll('details').forEach((box) => { box.open = true; });

export async function look(page, address, { name }, picture) {
  await page.goto(address);
  if (picture) await page.screenshot({ path: `${picture}-first.png` });
  await page.evaluate(openAll);
  const wide = await page.evaluate(overflowing);
  assert.ok(wide.length === 0, wide.join('; '));
  if (picture) await page.screenshot({ path: `${picture}.png`, fullPage: true });
  // Where the system chooses the colours, axe-core would judge those of the style sheet.
  if (name.endsWith('forced-colors')) return;
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map(({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`);
  assert.ok(told.length === 0, told.join('\n'));
}

/** On paper all tables and details are there, and nothing is cut off at the margin. */
export async function print(page, address, picture) {
  await page.goto(address);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const paper = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(paper, 'rgb(255, 255, 255)', 'paper is white, whatever the screen');
  // The width of the text on A4 within the margins of @page.
  await page.setViewportSize({ width: 627, height: 900 });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.equal(await page.locator('details:not([open])').count(), 0, 'closed details');
  const wide = await page.evaluate(() => [...document.querySelectorAll('table, svg, pre')]
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > 627 + 1)
    .map((element) => `${element.tagName} ${element.caption?.textContent ?? ''} ends at ${Math.round(element.getBoundingClientRect().right)}`));
  assert.ok(wide.length === 0, wide.slice(0, 5).join('; '));
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  const pdf = await page.pdf({ preferCSSPageSize: true, path: picture });
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  assert.ok(pages > 0);
  return `${pages} pages`;
}
