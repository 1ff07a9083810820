// What can be done about places in an account or a portfolio: the same things, by different mutations.
import type { AnyVariables, Client, CombinedError, TypedDocumentNode } from '@urql/core';
import { useMemo } from 'react';
import { useClient } from 'urql';
import type { AccountRole, PortfolioRole } from '../gql/graphql';
import {
  changePortfolioUserRoleDocument,
  changeUserRoleDocument,
  invitePortfolioUserDocument,
  inviteUserDocument,
  removePortfolioUserDocument,
  removeUserDocument,
  transferAccountOwnershipDocument,
  transferPortfolioOwnershipDocument,
} from './documents';

/** An account or a portfolio, where people have places. */
export interface Scope {
  kind: 'account' | 'portfolio';
  id: string;
  name: string;
}

/** Every role of a portfolio is called like one of an account. */
export type Role = AccountRole;

/** A role as somebody has it or is given it: a static one, or one that the account has defined, with its base. */
export interface Given {
  role: Role;
  customRole?: { id: string; name: string } | null;
}

/** What somebody is mostly invited as. */
export const USUAL: Role = 'ANALYST';

/** The roles that somebody can be given: the Owner's is only ever handed over. */
export const GRANTABLE: { account: AccountRole[]; portfolio: PortfolioRole[] } = {
  account: ['ADMIN', 'MANAGER', 'ANALYST', 'CAMPAIGN_COORDINATOR', 'CONTENT_CREATOR', 'SUPPORT'],
  portfolio: ['ADMIN', 'MANAGER', 'ANALYST'],
};

export interface Refusal {
  reason: string;
  message: string;
  retryAt?: string | null;
}

export interface Outcome {
  done: boolean;
  error: CombinedError | undefined;
  refusal: Refusal | null;
}

export interface PlaceActions {
  invite(email: string, given: Given): Promise<Outcome>;
  changeRole(userId: string, given: Given): Promise<Outcome>;
  remove(userId: string): Promise<Outcome>;
  transfer(userId: string): Promise<Outcome>;
}

export function usePlaceActions({ kind, id }: Scope): PlaceActions {
  const client = useClient();
  return useMemo(() => (kind === 'account' ? inAccount(client, id) : inPortfolio(client, id)), [client, kind, id]);
}

function inAccount(client: Client, accountId: string): PlaceActions {
  return {
    invite: (email, given) =>
      perform(
        client,
        inviteUserDocument,
        { input: { accountId, email, ...inAccountAs(given) } },
        (data) => data.inviteUser,
      ),
    changeRole: (userId, given) =>
      perform(
        client,
        changeUserRoleDocument,
        { input: { accountId, userId, ...inAccountAs(given) } },
        (data) => data.changeUserRole,
      ),
    remove: (userId) =>
      perform(client, removeUserDocument, { input: { accountId, userId } }, (data) => data.removeUser),
    transfer: (userId) =>
      perform(
        client,
        transferAccountOwnershipDocument,
        { input: { accountId, userId } },
        (data) => data.transferAccountOwnership,
      ),
  };
}

function inPortfolio(client: Client, portfolioId: string): PlaceActions {
  return {
    invite: (email, { role }) =>
      perform(
        client,
        invitePortfolioUserDocument,
        { input: { portfolioId, email, role: ofPortfolio(role) } },
        (data) => data.invitePortfolioUser,
      ),
    changeRole: (userId, { role }) =>
      perform(
        client,
        changePortfolioUserRoleDocument,
        { input: { portfolioId, userId, role: ofPortfolio(role) } },
        (data) => data.changePortfolioUserRole,
      ),
    remove: (userId) =>
      perform(
        client,
        removePortfolioUserDocument,
        { input: { portfolioId, userId } },
        (data) => data.removePortfolioUser,
      ),
    transfer: (userId) =>
      perform(
        client,
        transferPortfolioOwnershipDocument,
        { input: { portfolioId, userId } },
        (data) => data.transferPortfolioOwnership,
      ),
  };
}

/** Either one or the other is named. */
function inAccountAs({ role, customRole }: Given): { role: Role } | { customRoleId: string } {
  return customRole ? { customRoleId: customRole.id } : { role };
}

/** Forms for portfolios offer no other role. */
function ofPortfolio(role: Role): PortfolioRole {
  const known = GRANTABLE.portfolio.find((one) => one === role);
  if (!known) throw new Error(`no role of a portfolio: ${role}`);
  return known;
}

/** One mutation, its result told apart: done, refused, or failed on the way. */
export async function perform<Data, Variables extends AnyVariables>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  pick: (data: Data) => { __typename: string } & Partial<Refusal>,
): Promise<Outcome> {
  const { data, error } = await client.mutation(document, variables).toPromise();
  if (!data) return { done: false, error, refusal: null };
  const { reason, message, retryAt } = pick(data);
  if (reason === undefined) return { done: !error, error, refusal: null };
  return { done: false, error, refusal: { reason, message: message ?? reason, retryAt: retryAt ?? null } };
}
