import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { previewPage } from '../../src/showcase/preview/page.ts';
import { type Browser, describeWithBrowser, requireChromium, startBrowser } from '../support/chromium.ts';

const NAMES = [
  'Дороги',
  'Благоустройство и содержание территорий',
  'Жилищно-коммунальное хозяйство',
  'Мусор',
];

/** Thirty municipalities, twenty categories, two years. */
function pageText(): string {
  const counts = (total: number) => ({
    total,
    fresh: total - Math.floor(total / 4),
    repeated: Math.floor(total / 4),
    overdue: Math.floor(total / 7),
  });
  const cells = Array.from({ length: 600 }, (_cell, at) => ({
    oktmo: String(98_600_000 + (at % 30) * 1000),
    subjectId: String(Math.floor(at / 30)),
    ...counts((at * 7919) % 1300),
  })).filter(({ total }) => total % 5 !== 0);
  const periods = Array.from({ length: 24 }, (_period, at) => ({
    period: `${2025 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`,
    ...counts(900 + at * 31),
  }));
  return previewPage({
    showcase: 'yakutsk',
    region: '14',
    at: '15.06.2026 18:00',
    figures: { total: { ...counts(24_000), accepted: 20_000 }, cells, periods },
    categoryName: (id) => `${NAMES[Number(id) % NAMES.length]} ${id}`,
  });
}

describeWithBrowser('the preview page in a browser', () => {
  let browser: Browser;
  let dir: string;
  let url: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'posrednik-preview-'));
    await writeFile(join(dir, 'map.html'), pageText());
    url = pathToFileURL(join(dir, 'map.html')).href;
    browser = await startBrowser(requireChromium());
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const page = await browser.context.newPage();
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const faults: string[] = [];
    page.on('console', (message) => faults.push(message.text()));
    await page.goto(url);
    expect(asked).toEqual([url]);
    expect(faults).toEqual([]);
    return page;
  }

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1600, 'light'],
    [1600, 'dark'],
  ] as const)(
    'at %d px, %s: fits, reads, and every letter stands out',
    async (width, scheme) => {
      const page = await open(width, scheme);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      expect(await page.evaluate<number>(WORST_CONTRAST)).toBeGreaterThanOrEqual(4.5);
      const letters = await page.evaluate<number>(
        `document.querySelector('svg.chart text').getBoundingClientRect().height`,
      );
      expect(letters).toBeGreaterThanOrEqual(10);
      await page.close();
    },
    60_000,
  );

  it('shows one measure at a time, chosen by the keyboard', async () => {
    const page = await open(1280, 'light');
    const seen = () => page.evaluate<string[]>(VISIBLE_MEASURES);
    expect(await seen()).toEqual(['m-total']);
    await page.locator('#m-total').focus();
    await page.keyboard.press('ArrowRight');
    expect(await seen()).toEqual(['m-fresh']);
    await page.locator('label[for=m-overdue]').click();
    expect(await seen()).toEqual(['m-overdue']);
    await page.close();
  }, 60_000);
});

/** Run in the page, so they are text: the program's own types know no pages. */
const VISIBLE_MEASURES = `[...new Set([...document.querySelectorAll('td.cell span')]
  .filter((span) => span.offsetParent !== null).map((span) => span.classList[0]))]`;

/** The least contrast of any visible text with what lies behind it (WCAG 2, 1.4.3). */
const WORST_CONTRAST = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return 'rgb(255,255,255)';
  };
  let worst = 21;
  for (const element of document.querySelectorAll('h1,h2,p,dt,dd,label,th,td,span,li,text')) {
    if (element.textContent.trim() === '' || element.getClientRects().length === 0) continue;
    const style = getComputedStyle(element);
    const ink = element.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const [light, dark] = [luminance(ink), luminance(behind(element))].sort((a, b) => b - a);
    worst = Math.min(worst, (light + 0.05) / (dark + 0.05));
  }
  return worst;
})()`;
