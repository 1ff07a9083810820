// The roles that can be given in an account or a portfolio. Only accounts define roles of their own.
import { AccountRoleSelect } from './AccountRoleSelect';
import { type Given, type Scope, USUAL } from './places';
import { RoleSelect } from './RoleSelect';

export function GivenSelect(props: {
  scope: Scope;
  value: Given | null;
  onChange: (given: Given) => void;
  autoFocus?: boolean;
}) {
  const { scope, value, onChange, ...rest } = props;
  if (scope.kind === 'account') {
    return <AccountRoleSelect accountId={scope.id} value={value} onChange={onChange} {...rest} />;
  }
  return <RoleSelect kind="portfolio" value={value?.role ?? USUAL} onChange={(role) => onChange({ role })} {...rest} />;
}
