import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PlatformSimulator } from '../../simulators/platform/index.ts';
import { access, jsonOf, OPA, platformWithCabinets } from './client.ts';

describe('classifier', () => {
  let platform: PlatformSimulator;
  let headers: Record<string, string>;
  beforeAll(async () => {
    platform = await platformWithCabinets();
    headers = await access(platform);
  });
  afterAll(() => platform.close());

  function get(path: string): Promise<Response> {
    return fetch(`${platform.url}/inbox-service/${path}`, { headers });
  }

  it('pages through the categories, each with sub-categories, some of one name', async () => {
    const ids: string[] = [];
    for (let page = 0, last = false; !last; page++) {
      const answer = (await jsonOf(await get(`subjects?page=${page}&size=4`))) as {
        content: { id: string; name: string }[];
        last: boolean;
      };
      ids.push(...answer.content.map((subject) => subject.id));
      last = answer.last;
    }
    expect(new Set(ids).size).toBe(10);
    const names: string[] = [];
    for (const id of ids) {
      const list = (await (await get(`subsubjects/subject/${id}/region/80`)).json()) as { name: string }[];
      expect(list.length).toBeGreaterThan(0);
      names.push(...list.map((item) => item.name));
    }
    expect(new Set(names).size).toBeLessThan(names.length);
  });

  it('gives appeals categories that it knows', async () => {
    const posId = platform.addAppeal(OPA, { subsubjectId: '10202' });
    expect(platform.appeal(OPA, posId)).toMatchObject({
      subjectId: '102',
      subjectName: 'Дворы и общественные территории',
      subsubjectName: 'Уборка снега',
    });
  });

  it('answers 404 for an unknown category, 422 for a bad page, 401 without a token', async () => {
    expect((await get('subsubjects/subject/1/region/80')).status).toBe(404);
    expect((await get('subjects?page=-1')).status).toBe(422);
    expect((await fetch(`${platform.url}/inbox-service/subjects`)).status).toBe(401);
  });
});
