// The roles that can be given in an account, as a field of a form: the static ones and those that it has defined. What
// holds more than the viewer does is shown, and cannot be chosen.
import { NativeSelect } from '@mantine/core';
import { useQuery } from 'urql';
import { useAllPages } from '../api/useAllPages';
import { graphql } from '../gql';
import { label, useI18n } from '../i18n';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import { covers } from './held';
import { GRANTABLE, type Given } from './places';

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

export function AccountRoleSelect(props: {
  accountId: string;
  value: Given;
  onChange: (given: Given) => void;
  autoFocus?: boolean;
}) {
  const { m } = useI18n();
  const { accountId: id, value } = props;
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
  const statics = staticRoles.filter(({ role }) => GRANTABLE.account.includes(role));
  const custom = edges.map(({ node }) => node);
  return (
    <NativeSelect
      name="role"
      label={m.users.role}
      // It is there later than the dialog, which looks for what to focus as it opens.
      autoFocus={props.autoFocus ?? false}
      value={value.customRole?.id ?? value.role}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        const role = statics.find((one) => one.role === chosen)?.role;
        const defined = custom.find((one) => one.id === chosen);
        if (role) props.onChange({ role });
        if (defined) props.onChange({ role: defined.base, customRole: { id: defined.id, name: defined.name } });
      }}
      data={[
        {
          group: m.customRoles.statics,
          items: statics.map(({ role, permissions }) => ({
            value: role,
            label: label(m.roles, role),
            disabled: !covers(mine, { role, permissions }),
          })),
        },
        ...(custom.length > 0
          ? [
              {
                group: m.customRoles.defined,
                items: custom.map(({ id: value, name, base, permissions }) => ({
                  value,
                  label: name,
                  disabled: !covers(mine, { role: base, permissions }),
                })),
              },
            ]
          : []),
      ]}
    />
  );
}
