// How many people have MFA, now and day by day: a sentence, a line, and the same numbers as a table for whoever cannot
// see the line. Drawn by hand: a chart library costs half of what the whole dashboard loads first.
import { NativeSelect, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useQuery } from 'urql';
import { graphql } from '../gql';
import type { MfaCoveragePartFragment } from '../gql/graphql';
import { useI18n } from '../i18n';
import { DataTable } from '../ui/DataTable';
import { FailureNotice } from '../ui/FailureNotice';
import { Loading } from '../ui/Loading';
import classes from './Coverage.module.css';

export const mfaCoveragePartFragment = graphql(`
  fragment MfaCoveragePart on MfaCoverage {
    current {
      members
      withMfa
      countedAt
    }
    history {
      day
      members
      withMfa
    }
  }
`);

const accountDocument = graphql(`
  query AccountMfaCoverage($id: ID!, $days: Int!) {
    account(id: $id) {
      id
      mfaCoverage(days: $days) {
        ...MfaCoveragePart
      }
    }
  }
`);

const portfolioDocument = graphql(`
  query PortfolioMfaCoverage($id: ID!, $days: Int!) {
    portfolio(id: $id) {
      id
      mfaCoverage(days: $days) {
        ...MfaCoveragePart
      }
    }
  }
`);

const PERIODS = [30, 90, 366];

export function AccountCoverage({ id }: { id: string }) {
  const [days, setDays] = useState(90);
  const [{ data, error }, refetch] = useQuery({
    query: accountDocument,
    variables: { id, days },
    requestPolicy: 'cache-and-network',
  });
  return (
    <Coverage
      coverage={data?.account?.mfaCoverage}
      failure={error && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      days={days}
      onDays={setDays}
    />
  );
}

export function PortfolioCoverage({ id }: { id: string }) {
  const [days, setDays] = useState(90);
  const [{ data, error }, refetch] = useQuery({
    query: portfolioDocument,
    variables: { id, days },
    requestPolicy: 'cache-and-network',
  });
  return (
    <Coverage
      everybody
      coverage={data?.portfolio?.mfaCoverage}
      failure={error && <FailureNotice error={error} onRetry={() => refetch({ requestPolicy: 'network-only' })} />}
      days={days}
      onDays={setDays}
    />
  );
}

function Coverage(props: {
  coverage: MfaCoveragePartFragment | null | undefined;
  failure: ReactNode;
  everybody?: boolean;
  days: number;
  onDays: (days: number) => void;
}) {
  const { m, number, percent } = useI18n();
  const { coverage } = props;
  return (
    <Stack component="section" aria-labelledby="mfa-coverage" gap="sm" maw={720}>
      <Group justify="space-between" align="end">
        <Title order={2} size="h3" id="mfa-coverage">
          {m.coverage.title}
        </Title>
        <NativeSelect
          label={m.coverage.period}
          value={String(props.days)}
          onChange={(event) => props.onDays(Number(event.currentTarget.value))}
          data={PERIODS.map((days) => ({ value: String(days), label: m.coverage.days(days) }))}
        />
      </Group>
      {props.everybody && <Text size="sm">{m.coverage.everybody}</Text>}
      {!coverage && (props.failure || <Loading />)}
      {coverage && (
        <>
          <Text>
            {m.coverage.now(
              number(coverage.current.withMfa),
              number(coverage.current.members),
              percent(share(coverage.current)),
            )}
          </Text>
          {coverage.history.length === 0 ? (
            <Text size="sm" c="dimmed">
              {m.coverage.none}
            </Text>
          ) : (
            <Chart coverage={coverage} />
          )}
        </>
      )}
    </Stack>
  );
}

interface Count {
  members: number;
  withMfa: number;
}

interface Point extends Count {
  at: number;
  label: string;
}

/** An account without people has nobody who lacks MFA. */
function share({ members, withMfa }: Count): number {
  return members === 0 ? 1 : withMfa / members;
}

const WIDTH = 600;
const HEIGHT = 160;

function Chart({ coverage }: { coverage: MfaCoveragePartFragment }) {
  const { m, day, number, percent } = useI18n();
  const days: Point[] = coverage.history.map((point) => ({
    ...point,
    at: Date.parse(point.day),
    label: day(point.day),
  }));
  // Behind today's point, which was counted as the day began.
  const now = { ...coverage.current, at: Date.parse(coverage.current.countedAt), label: m.coverage.today };
  const points = [...days, now];
  const first = points[0] ?? now;
  const span = Math.max(1, now.at - first.at);
  const x = (point: Point) => (((point.at - first.at) / span) * WIDTH).toFixed(1);
  const y = (point: Point) => ((1 - share(point)) * HEIGHT).toFixed(1);
  const line = points.map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point)} ${y(point)}`).join('');
  const told = points.filter((point, index) => index === 0 || point === now || changed(point, points[index - 1]));
  return (
    <figure className={classes['figure']}>
      <div className={classes['scale']} aria-hidden="true">
        <span>{percent(1)}</span>
        <span>{percent(0.5)}</span>
        <span>{percent(0)}</span>
      </div>
      <svg
        className={classes['plot']}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={m.coverage.told(first.label, percent(share(first)), percent(share(now)))}
      >
        {[0, HEIGHT / 2, HEIGHT].map((height) => (
          <path key={height} className={classes['grid']} d={`M0 ${height}H${WIDTH}`} />
        ))}
        <path className={classes['area']} d={`${line}V${HEIGHT}H0Z`} />
        <path className={classes['line']} d={line} />
        <path className={classes['dot']} d={`M${x(now)} ${y(now)}h0.01`} />
      </svg>
      <div className={classes['days']} aria-hidden="true">
        <span>{first.label}</span>
        <span>{now.label}</span>
      </div>
      <figcaption className={classes['table']}>
        <details>
          <summary>{m.coverage.table}</summary>
          <DataTable label={m.coverage.title} columns={m.coverage.columns}>
            {told.reverse().map((point) => (
              <tr key={point.at}>
                <td>{point.label}</td>
                <td>{number(point.withMfa)}</td>
                <td>{number(point.members)}</td>
                <td>{percent(share(point))}</td>
              </tr>
            ))}
          </DataTable>
        </details>
      </figcaption>
    </figure>
  );
}

function changed(point: Count, before: Count | undefined): boolean {
  return point.members !== before?.members || point.withMfa !== before.withMfa;
}
