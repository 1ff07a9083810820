// All that a client needs besides what is generated: one POST.
import type { TypedDocumentString } from './gql/graphql.js';

export class Gateway {
  constructor(
    readonly url: string,
    private readonly sessionToken?: string,
  ) {}

  as(sessionToken: string): Gateway {
    return new Gateway(this.url, sessionToken);
  }

  async run<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...(this.sessionToken && { authorization: `Bearer ${this.sessionToken}` }),
      },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] };
    if (errors || !data) throw new Error(errors?.map((error) => error.message).join('; ') ?? `HTTP ${response.status}`);
    return data;
  }
}
