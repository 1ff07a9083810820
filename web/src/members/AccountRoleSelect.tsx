// The roles that can be given in an account, as a field of a form: the static ones and those that it has defined. What
// holds more than the viewer does is shown, and cannot be chosen.
import { NativeSelect } from '@mantine/core';
import { useEffect } from 'react';
import { useQuery } from 'urql';
import { useAllPages } from '../api/useAllPages';
import { graphql } from '../gql';
import { label, useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { covers } from './held';
import { GRANTABLE, type Given, USUAL } from './places';

const grantingDocument = graphql(`
  query Granting($id: ID!) {
    staticRoles {
      role
      permissions
    }
    account(id: $id) {
      id
      viewerRole
      viewerPermissions
    }
  }
`);

const customRolesToGiveDocument = graphql(`
  query CustomRolesToGive($id: ID!, $after: String) {
    account(id: $id) {
      id
      customRoles(first: 100, after: $after) {
        edges {
          node {
            id
            name
            base
            permissions
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

interface Option {
  value: string;
  label: string;
  given: Given;
  disabled: boolean;
}

interface Props {
  accountId: string;
  /** Null until one was chosen: the first that was there to choose is, at once. */
  value: Given | null;
  onChange: (given: Given) => void;
  autoFocus?: boolean;
}

export function AccountRoleSelect({ accountId: id, ...rest }: Props) {
  const { m } = useI18n();
  const [granting, ask] = useQuery({ query: grantingDocument, variables: { id } });
  const { edges, error, again } = useAllPages(customRolesToGiveDocument, { id }, (data) => data.account?.customRoles);
  const failure = granting.error ?? error;
  if (failure) {
    const retry = () => {
      ask({ requestPolicy: 'network-only' });
      again();
    };
    return <FailureNotice error={failure} onRetry={retry} />;
  }
  const { staticRoles, account } = granting.data ?? {};
  if (!staticRoles || !account?.viewerRole || !edges) return <Loading />;

  const mine = { role: account.viewerRole, permissions: account.viewerPermissions ?? [] };
  const statics = staticRoles
    .filter(({ role }) => GRANTABLE.account.includes(role))
    .map((one) => ({
      value: one.role,
      label: label(m.roles, one.role),
      given: { role: one.role },
      disabled: !covers(mine, one),
    }));
  const defined = edges.map(({ node: { id: value, name, base: role, permissions } }) => ({
    value,
    label: name,
    given: { role, customRole: { id: value, name } },
    disabled: !covers(mine, { role, permissions }),
  }));
  return <Choice statics={statics} defined={defined} {...rest} />;
}

function Choice(props: { statics: Option[]; defined: Option[] } & Omit<Props, 'accountId'>) {
  const { m } = useI18n();
  const { statics, defined, onChange } = props;
  const options = [...statics, ...defined];
  const first = (
    options.find(({ value, disabled }) => value === USUAL && !disabled) ?? options.find(({ disabled }) => !disabled)
  )?.given;
  const value = props.value ?? first;
  useEffect(() => {
    if (!props.value && first) onChange(first);
    // Once: what is chosen afterwards is the person's to say.
  }, []);
  return (
    <NativeSelect
      name="role"
      label={m.users.role}
      // It is there later than the dialog, which looks for what to focus as it opens.
      autoFocus={props.autoFocus ?? false}
      value={value?.customRole?.id ?? value?.role ?? ''}
      onChange={(event) => {
        const chosen = options.find((one) => one.value === event.currentTarget.value);
        if (chosen) onChange(chosen.given);
      }}
      data={[
        { group: m.customRoles.statics, items: statics.map(optionOf) },
        ...(defined.length > 0 ? [{ group: m.customRoles.defined, items: defined.map(optionOf) }] : []),
      ]}
    />
  );
}

function optionOf({ value, label, disabled }: Option) {
  return { value, label, disabled };
}
