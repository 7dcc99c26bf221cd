// What a reader does with the page: sorts, filters, pages, follows links, reads it without script.
// Selectors are those of the page itself; words of both languages are avoided.
import { strict as assert } from 'node:assert';

const body = (page, list) => page.locator(`[data-list="${list}"] tbody`);
const rows = (page, list) => page.locator(`[data-list="${list}"] tbody > tr`);
const cells = (page, list, column) => page.locator(`[data-list="${list}"] tbody > tr > :nth-child(${column})`).allTextContents();
const head = (page, list, column) => page.locator(`[data-list="${list}"] thead th`).nth(column - 1);
const numbers = (texts) => texts.map((text) => Number(text.replace(/\D/g, '')));
const columnOf = async (page, list, kind) => {
  const data = JSON.parse(await page.locator(`[data-list="${list}"] script`).textContent());
  return data.columns.findIndex((column) => column.kind === kind) + 1;
};
/** Waits until a field's change has reached the table. */
const settle = (page) => page.waitForTimeout(250);
/** The value that the row of a table has in its data. */
const value = (data, column, row) => {
  const { words, values } = data.columns[column];
  return words ? words[values[row]] : values[row];
};

async function sorting(page, address) {
  await page.goto(address);
  for (const list of ['findings', 'bursts', 'campaigns', 'exposure', 'accounts', 'days', 'speed', 'inputs', 'files']) {
    await page.evaluate(() => document.querySelectorAll('details').forEach((box) => { box.open = true; }));
    const before = await body(page, list).innerHTML();
    const heads = await page.locator(`[data-list="${list}"] thead th`).count();
    for (let column = 1; column <= heads; column += 1) {
      const button = head(page, list, column).getByRole('button');
      for (const state of ['ascending', 'descending', 'none']) {
        await button.focus();
        await page.keyboard.press('Enter');
        assert.equal(await head(page, list, column).getAttribute('aria-sort'), state);
        if (state !== 'none' && (await head(page, list, column).getAttribute('class')) === 'n') {
          const shown = numbers(await cells(page, list, column));
          const sorted = [...shown].sort((one, other) => (state === 'ascending' ? one - other : other - one));
          const kind = JSON.parse(await page.locator(`[data-list="${list}"] script`).textContent()).columns[column - 1].kind;
          if (kind === 'number') assert.deepEqual(shown, sorted, `${list} by column ${column}, ${state}`);
        }
      }
    }
    // The script draws rows exactly as the page holds them without it.
    const clean = (html) => html.replace(/\s*\n\s*/g, '').replace(/ open=""/g, '').replace(/&quot;/g, '"').replace(/&#39;/g, "'");
    assert.equal(clean(await body(page, list).innerHTML()), clean(before), `rows of ${list} drawn anew`);
  }
}

async function filtering(page, address) {
  await page.goto(address);
  const list = page.locator('[data-list="bursts"]');
  const data = JSON.parse(await list.locator('script').textContent());
  const all = data.columns[0].values.length;
  const id = data.columns[0].values[all - 1];
  const search = list.locator('input[type="search"]');
  await search.fill(id.toLowerCase());
  await settle(page);
  assert.equal(await rows(page, 'bursts').count(), 1);
  assert.match(await list.locator('.status').textContent(), new RegExp(`${id.toLowerCase()}`));
  await search.fill('nothing has this');
  await settle(page);
  assert.equal(await rows(page, 'bursts').count(), 0);
  assert.match(await list.locator('.status').textContent(), /^0 /);
  await search.fill('');
  await settle(page);
  assert.ok((await rows(page, 'bursts').count()) > 1);

  // By day: all that reaches into the boundary day, counted from the data.
  const period = data.columns.findIndex((column) => column.kind === 'period');
  const [from, to] = [Date.UTC(2019, 11, 7) / 1000, Date.UTC(2019, 11, 8) / 1000 - 1];
  const wanted = data.columns[0].values.filter((_, row) => { const at = value(data, period, row); return at && at[1] >= from && at[0] <= to; }).length;
  await list.locator('input[type="date"]').first().fill('2019-12-07');
  await list.locator('input[type="date"]').last().fill('2019-12-07');
  await settle(page);
  assert.ok(wanted > 0 && wanted < all, `${wanted} bursts on the boundary day`);
  assert.equal(await rows(page, 'bursts').count(), wanted);

  const findings = page.locator('[data-list="findings"]');
  await findings.locator('select').selectOption('high');
  await settle(page);
  const high = await findings.locator('tbody .sev').count();
  assert.ok(high > 0 && high === (await findings.locator('tbody .sev-high').count()));
}

async function paging(page, address) {
  await page.goto(address);
  const list = page.locator('[data-list="bursts"]');
  const data = JSON.parse(await list.locator('script').textContent());
  const ids = data.columns[0].values;
  assert.ok(ids.length > data.page, 'more bursts than a page holds');
  assert.deepEqual(await cells(page, 'bursts', 1), ids.slice(0, data.page));
  const [first, previous, next, last] = await list.locator('.pager button').all();
  assert.ok((await first.isDisabled()) && (await previous.isDisabled()));
  await next.click();
  assert.deepEqual(await cells(page, 'bursts', 1), ids.slice(data.page, 2 * data.page));
  await first.click();
  assert.equal((await cells(page, 'bursts', 1))[0], ids[0]);
  await last.click();
  assert.equal((await cells(page, 'bursts', 1)).at(-1), ids.at(-1));
  assert.ok((await next.isDisabled()) && (await last.isDisabled()));
  await previous.click();
  assert.ok((await cells(page, 'bursts', 1)).every((id) => ids.includes(id)));
}

async function deepLinks(page, address) {
  await page.goto(address);
  const bursts = JSON.parse(await page.locator('[data-list="bursts"] script').textContent()).columns[0].values;
  const campaigns = JSON.parse(await page.locator('[data-list="campaigns"] script').textContent()).columns[0].values;
  const findings = JSON.parse(await page.locator('[data-list="findings"] script').textContent()).columns[0].values;
  const seen = (id) => page.locator(`[id="${id}"]`).evaluate((target) => {
    const box = target.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight && document.activeElement === target;
  });
  for (const id of [bursts.at(-1), bursts[0], campaigns.at(-1), findings.at(-1), findings[0]]) {
    await page.goto('about:blank');
    await page.goto(`${address}#${id}`);
    assert.ok(await seen(id), `${id} is shown and has the focus`);
  }
  // A link in the page leads to a row that another page of the table, and a filter, hide.
  await page.goto('about:blank');
  await page.goto(address);
  await page.locator('[data-list="bursts"] input[type="search"]').fill('nothing has this');
  await settle(page);
  await page.evaluate((id) => { location.hash = id; }, bursts.at(-1));
  await settle(page);
  assert.ok(await seen(bursts.at(-1)), 'the link puts the filter away');
  const link = page.locator('article a[href^="#C-"]').first();
  const id = (await link.getAttribute('href')).slice(1);
  await link.click();
  await settle(page);
  assert.ok(await seen(id), `the link to ${id} leads there`);
}

async function structure(page, address) {
  await page.goto(address);
  const charts = await page.locator('.chart svg').evaluateAll((all) => all.map((chart) => [chart.getAttribute('role'), chart.querySelector('title')?.textContent, chart.querySelector('desc')?.textContent]));
  assert.ok(charts.length >= 6 && charts.every(([role, title, description]) => role === 'img' && title && description));
  for (const list of ['days', 'speed']) assert.ok((await rows(page, list).count()) > 0, `numbers of ${list}`);
  const first = await page.locator('.card').evaluateAll((cards) => cards.map((card) => card.getBoundingClientRect().top));
  assert.equal(first.length, 3);
  assert.ok(first.every((top) => top < 900), `the three cards begin on the first screen: ${first}`);
  assert.ok((await columnOf(page, 'findings', 'severity')) > 0);
}

export const behaviour = [
  ['sorting, by keyboard, and rows drawn anew', sorting],
  ['filtering by text, day and severity', filtering],
  ['paging', paging],
  ['deep links', deepLinks],
  ['structure of the page', structure],
];

/** Without script the page is whole: every section, the first rows of every table, and where the others stand. */
export async function withoutScript(page, address) {
  await page.goto(address);
  assert.equal(await page.locator('main section > h2').count(), 12);
  const lists = await page.locator('.list').all();
  for (const list of lists) {
    const data = JSON.parse(await list.locator('script').textContent());
    const shown = await list.locator('tbody > tr').count();
    assert.equal(shown, Math.min(data.page, data.columns[0].values.length));
    if (shown < data.all) assert.match(await list.textContent(), /csv|json/);
  }
  assert.equal(await page.locator('thead button, .tools, .pager').count(), 0);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, 'nothing is wider than the screen');
}

/** A page of ten or a hundred thousand findings opens at once, and its tables do not freeze. */
export async function largePage(page, address) {
  await page.goto(address);
  await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
  const [paint, bytes] = await page.evaluate(() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, document.documentElement.outerHTML.length]);
  assert.ok(paint < 2000, `first paint after ${paint} ms`);
  const took = await page.evaluate(async () => {
    const start = performance.now();
    const list = document.querySelector('[data-list="findings"]');
    for (const head of list.querySelectorAll('thead button')) head.click();
    const sorted = performance.now();
    const search = list.querySelector('input[type="search"]');
    search.value = '12';
    search.dispatchEvent(new Event('input'));
    await new Promise((done) => setTimeout(done, 400));
    return [sorted - start, list.querySelector('.status').textContent];
  });
  assert.ok(took[0] < 4000, `sorting nine columns took ${took[0]} ms`);
  const ids = JSON.parse(await page.locator('[data-list="findings"] script').textContent()).columns[0].values;
  await page.evaluate((id) => { location.hash = id; }, ids.at(-1));
  await settle(page);
  assert.ok(await page.locator(`[id="${ids.at(-1)}"]`).isVisible(), 'a link to the last row leads there');
  return `first paint ${Math.round(paint)} ms, ${(bytes / 1e6).toFixed(2)} MB, nine sorts ${Math.round(took[0])} ms, ${ids.length} rows`;
}
