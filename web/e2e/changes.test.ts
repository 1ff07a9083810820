// What a bulk edit comes to, and which outcome belongs to which change.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Chosen, changesOf, inputOf, placesOf, refusedFirst, resultsOf } from '../src/bulk/changes';

const acme = { id: 'account_a', name: 'Acme' };
const best = { id: 'account_b', name: 'Best' };
const ann: Chosen = { id: 'user_ann', name: 'Ann', email: 'ann@example.com', places: [{ ...acme, role: 'ANALYST' }] };
const bob: Chosen = {
  id: 'user_bob',
  name: 'Bob',
  email: 'bob@example.com',
  places: [
    { ...best, role: 'MANAGER' },
    { ...acme, role: 'OWNER' },
  ],
};

describe('a bulk edit', () => {
  it('invites whoever is not there yet', () => {
    const changes = changesOf('INVITE', [ann, bob], [acme, best], 'SUPPORT');
    assert.deepEqual(inputOf('portfolio_p', changes), {
      portfolioId: 'portfolio_p',
      invite: [{ accountId: best.id, email: ann.email, role: 'SUPPORT' }],
      changeRole: [],
      remove: [],
      removeFromAll: [],
    });
  });

  it('changes the role only where somebody has another one', () => {
    const changes = changesOf('CHANGE_ROLE', [ann, bob], [acme, best], 'ANALYST');
    assert.deepEqual(
      changes.map(({ person, account }) => [person.name, account?.name]),
      [
        ['Bob', 'Acme'],
        ['Bob', 'Best'],
      ],
    );
  });

  it('removes people from where they are, and from everywhere once each', () => {
    assert.equal(changesOf('REMOVE', [ann, bob], [best], 'ANALYST').length, 1);
    const all = changesOf('REMOVE_FROM_ALL', [ann, bob], [], 'ANALYST');
    assert.deepEqual(inputOf('portfolio_p', all).removeFromAll, [ann.id, bob.id]);
  });

  it('knows the accounts of the chosen people, by name, once each', () => {
    assert.deepEqual(
      placesOf([bob, ann]).map(({ name }) => name),
      ['Acme', 'Best'],
    );
  });

  it('tells outcomes by list and place, whatever order they come in, and shows refusals first', () => {
    const changes = [
      ...changesOf('REMOVE', [ann, bob], [acme], 'ANALYST'),
      ...changesOf('REMOVE_FROM_ALL', [bob], [], 'ANALYST'),
    ];
    const common = { __typename: 'PortfolioAccessOutcome', accountsChanged: 1, rejected: null } as const;
    const results = resultsOf(changes, [
      { ...common, kind: 'REMOVE_FROM_ALL', index: 0 },
      {
        ...common,
        kind: 'REMOVE',
        index: 1,
        rejected: { __typename: 'PortfolioAccessChangeRejected', reason: 'IS_OWNER', message: 'No.', retryAt: null },
      },
      { ...common, kind: 'REMOVE', index: 0 },
    ]);
    assert.deepEqual(
      refusedFirst(results).map(({ change }) => [change.kind, change.person.name]),
      [
        ['REMOVE', 'Bob'],
        ['REMOVE_FROM_ALL', 'Bob'],
        ['REMOVE', 'Ann'],
      ],
    );
    assert.throws(() => resultsOf(changes, [{ ...common, kind: 'INVITE', index: 0 }]), /an outcome of no change/);
  });
});
