// After an account or portfolio is none of the viewer's any more: the session is asked anew, and another screen opened.
import { useLocation } from 'wouter';
import { useSession } from '../app/session';
import { homeOf, useViewer } from '../app/viewer';

export function useLeft(): (scopeId: string) => void {
  const { renew } = useSession();
  const viewer = useViewer();
  const [, navigate] = useLocation();
  return (scopeId) => {
    const without = <List extends { edges: { node: { id: string } }[] }>(list: List): List => ({
      ...list,
      edges: list.edges.filter((edge) => edge.node.id !== scopeId),
    });
    renew();
    navigate(homeOf({ ...viewer, accounts: without(viewer.accounts), portfolios: without(viewer.portfolios) }));
  };
}
