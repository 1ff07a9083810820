// A plain table with the look of the rest. The library's own brings its scroll areas along, which the first load of
// the Users tab would have to carry.
import type { ReactNode } from 'react';
import classes from './DataTable.module.css';

export function DataTable(props: {
  label: string;
  columns: string[];
  /** What heads a first column of controls. */
  lead?: ReactNode;
  children: ReactNode;
}) {
  const { label, columns, lead, children } = props;
  return (
    <table className={classes['table']} aria-label={label}>
      <thead>
        <tr>
          {lead && <td>{lead}</td>}
          {columns.map((column) => (
            <th scope="col" key={column}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** Names and values, one pair a line. */
export function Facts({ facts }: { facts: [name: string, value: string][] }) {
  return (
    <table className={classes['facts']}>
      <tbody>
        {facts.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
