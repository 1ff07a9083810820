// Fetches the whole filtered log, page after page, and hands it over as one file.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { useState } from 'react';
import { useClient } from 'urql';
import type { AuditRowFragment } from '../gql/graphql';
import { useI18n } from '../i18n';
import { useToast } from '../ui/toasts';
import { saveFile, toCsv } from './csv';

const PAGE_SIZE = 100;

interface LogPage {
  edges: { node: AuditRowFragment }[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null | undefined };
}

export function useExport<Data, Variables extends { first?: unknown; after?: unknown }, Filter>(
  document: TypedDocumentNode<Data, Variables>,
  filter: Filter,
  pageOf: (data: Data) => LogPage | null | undefined,
) {
  const { m } = useI18n();
  const toast = useToast();
  const client = useClient();
  const [exported, setExported] = useState<number | null>(null);

  const run = async () => {
    const rows: AuditRowFragment[] = [];
    let after: string | null = null;
    setExported(0);
    try {
      for (;;) {
        const variables = { ...filter, first: PAGE_SIZE, after } as unknown as Variables;
        const { data, error } = await client.query(document, variables, { requestPolicy: 'network-only' });
        const page: LogPage | null | undefined = data && pageOf(data);
        if (error || !page) return toast(m.failure.title);
        rows.push(...page.edges.map((edge) => edge.node));
        setExported(rows.length);
        if (!page.pageInfo.hasNextPage || !page.pageInfo.endCursor) break;
        after = page.pageInfo.endCursor;
      }
      saveFile(m.audit.fileName, toCsv(rows), 'text/csv');
    } finally {
      setExported(null);
    }
  };

  return { exported, run };
}
