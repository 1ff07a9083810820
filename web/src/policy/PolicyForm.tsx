// One form for the MFA policy of an account and of a portfolio: what is demanded, from when, and whom it would touch.
import { Alert, Button, Group, Radio, Stack, Switch, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { MfaPolicyPartFragment, MfaResetAcceptance, MfaResetApproval } from '../gql/graphql';
import { label, useI18n } from '../i18n';

const APPROVALS: MfaResetApproval[] = ['NEVER', 'OWNERS_ONLY', 'ALWAYS'];

/** What is left out stays as it is. */
export interface PolicyChange {
  enforced?: boolean;
  graceUntil?: string | null;
  resetAcceptance?: MfaResetAcceptance;
  resetApproval?: MfaResetApproval;
  resetCoolingOffHours?: number;
}

export function PolicyForm(props: {
  policy: MfaPolicyPartFragment;
  canManage: boolean;
  withoutMfa: number | null;
  saving: boolean;
  onSave: (change: PolicyChange) => void;
}) {
  const { m, dateTime, number } = useI18n();
  const { policy, canManage, withoutMfa } = props;
  const [enforced, setEnforced] = useState(policy.enforced);
  const graceBefore = policy.graceUntil && new Date(policy.graceUntil) > new Date() ? dayOf(policy.graceUntil) : '';
  const [grace, setGrace] = useState(graceBefore);
  const [acceptance, setAcceptance] = useState<MfaResetAcceptance>(policy.resetAcceptance);

  const [hours, setHours] = useState(policy.resetCoolingOffHours);
  const [approval, setApproval] = useState<MfaResetApproval>(policy.resetApproval);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onSave({
      ...(enforced !== policy.enforced && { enforced }),
      ...(grace !== graceBefore && { graceUntil: grace ? startOf(grace) : null }),
      ...(acceptance !== policy.resetAcceptance && { resetAcceptance: acceptance }),
      ...(hours !== policy.resetCoolingOffHours && { resetCoolingOffHours: hours }),
      ...(approval !== policy.resetApproval && { resetApproval: approval }),
    });
  };

  return (
    <form onSubmit={submit}>
      <Stack maw={560}>
        {!canManage && <Alert>{m.policy.readOnly}</Alert>}
        <Switch
          label={m.policy.enforced}
          description={m.policy.enforcedHint}
          checked={enforced}
          disabled={!canManage}
          onChange={(event) => setEnforced(event.currentTarget.checked)}
        />
        {policy.enforced && policy.enforcedSince && (
          <Text size="sm">{m.policy.since(dateTime(policy.enforcedSince))}</Text>
        )}
        {withoutMfa !== null && (
          <Text size="sm">
            {m.policy.affected(withoutMfa, number(withoutMfa))}
            {enforced && grace && withoutMfa > 0 && ` ${m.policy.affectedFrom(dateTime(startOf(grace)))}`}
          </Text>
        )}
        {enforced && (
          <TextInput
            type="date"
            label={m.policy.grace}
            description={m.policy.graceHint}
            maw={240}
            value={grace}
            disabled={!canManage}
            onChange={(event) => setGrace(event.currentTarget.value)}
          />
        )}
        <Radio.Group
          label={m.policy.acceptance}
          value={acceptance}
          onChange={(value) => setAcceptance(value === 'LINK_AND_PASSWORD' ? value : 'LINK')}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="LINK" label={m.policy.LINK} disabled={!canManage} />
            <Radio value="LINK_AND_PASSWORD" label={m.policy.LINK_AND_PASSWORD} disabled={!canManage} />
          </Stack>
        </Radio.Group>
        <Radio.Group
          label={m.policy.approval}
          value={approval}
          onChange={(value) => setApproval(APPROVALS.find((one) => one === value) ?? 'NEVER')}
        >
          <Stack gap="xs" mt="xs">
            {APPROVALS.map((one) => (
              <Radio key={one} value={one} label={label(m.policy.approvals, one)} disabled={!canManage} />
            ))}
          </Stack>
        </Radio.Group>
        <TextInput
          type="number"
          min={0}
          max={72}
          required
          withAsterisk={false}
          label={m.policy.coolingOff}
          description={m.policy.coolingOffHint}
          maw={240}
          value={hours}
          disabled={!canManage}
          onChange={(event) => setHours(event.currentTarget.valueAsNumber || 0)}
        />
        {canManage && (
          <Group>
            <Button type="submit" loading={props.saving}>
              {m.policy.save}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

/** When a day of a date field begins, in the person's time zone. */
function startOf(day: string): string {
  return new Date(`${day}T00:00`).toISOString();
}

/** The day in the person's time zone, as a date field wants it. */
function dayOf(iso: string): string {
  const at = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
