/**
 * Reads an appeal's one file straight from the platform, beside the connector, to compare with what it has made of
 * it. Gives a function from posId to the file's bytes.
 * @throws Error when the platform answers anything but 200.
 */
export async function openFetcher(
  url: string,
  cabinet: { readonly opaId: string; readonly identifier: string; readonly password: string },
): Promise<(posId: string) => Promise<Uint8Array>> {
  const form = new URLSearchParams({
    grant_type: 'password',
    username: cabinet.identifier,
    password: cabinet.password,
    scope: 'sed',
  });
  const login = await ask(`${url}/auth-service/oauth/token`, { method: 'POST', body: form });
  const { access_token: token } = (await login.json()) as { access_token: string };
  const headers = { Authorization: `Bearer ${token}`, 'OPA-ID': cabinet.opaId };

  return async (posId) => {
    const answer = await ask(`${url}/appeal-service/sed/appeals/${posId}`, { headers });
    const { attachments } = (await answer.json()) as { attachments: { fileId: string }[] };
    const file = await ask(`${url}/inbox-service/filestorage/${attachments[0]?.fileId}`, { headers });
    return new Uint8Array(await file.arrayBuffer());
  };
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (answer.status !== 200) throw new Error(`платформа ответила ${answer.status}: ${new URL(url).pathname}`);
  return answer;
}
