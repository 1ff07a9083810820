// Ends this browser's session, and goes on from there.
import { useMutation } from 'urql';
import { useLocation } from 'wouter';
import { graphql } from '../gql';
import { useSession } from './session';

const logOutDocument = graphql(`
  mutation LogOut {
    logOut {
      __typename
    }
  }
`);

export function useLogOut(): (next: string) => Promise<void> {
  const { renew } = useSession();
  const [, navigate] = useLocation();
  const [, logOut] = useMutation(logOutDocument);
  return async (next) => {
    await logOut({});
    renew();
    navigate(next);
  };
}
