// All of a list that a form offers to choose from, however many pages it fills. Lists that are only looked at page.
import type { CombinedError, TypedDocumentNode } from '@urql/core';
import { useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';

interface Connection<Edge> {
  edges: Edge[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

interface Found<Edge> {
  edges: Edge[] | null;
  error: CombinedError | null;
}

export function useAllPages<Data, Variables extends { after?: string | null }, Edge>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, 'after'>,
  connectionOf: (data: Data) => Connection<Edge> | null | undefined,
): Found<Edge> & { again: () => void } {
  const client = useClient();
  const [found, setFound] = useState<Found<Edge>>({ edges: null, error: null });
  const [attempt, setAttempt] = useState(0);
  const pick = useRef(connectionOf);
  pick.current = connectionOf;
  const asked = JSON.stringify(variables);

  useEffect(() => {
    let wanted = true;
    const load = async () => {
      const edges: Edge[] = [];
      for (let after: string | null = null; ;) {
        const page = { ...(JSON.parse(asked) as Omit<Variables, 'after'>), after } as Variables;
        const { data, error } = await client.query(document, page, { requestPolicy: 'network-only' }).toPromise();
        if (!wanted) return;
        const connection = data && pick.current(data);
        if (!connection) return setFound({ edges: null, error: error ?? null });
        edges.push(...connection.edges);
        after = connection.pageInfo.endCursor ?? null;
        if (!connection.pageInfo.hasNextPage) return setFound({ edges, error: null });
      }
    };
    void load();
    return () => {
      wanted = false;
    };
  }, [client, document, asked, attempt]);

  const again = () => {
    setFound({ edges: null, error: null });
    setAttempt((old) => old + 1);
  };
  return { ...found, again };
}
