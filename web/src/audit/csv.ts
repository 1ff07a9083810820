// The audit log as a file that a spreadsheet opens without running anything in it.
import type { AuditRowFragment } from '../gql/graphql';

const COLUMNS = ['id', 'at', 'action', 'credential', 'actor', 'target', 'ip', 'userAgent', 'details'] as const;

export function toCsv(rows: AuditRowFragment[]): string {
  const lines = rows.map((row) =>
    [
      row.id,
      row.at,
      row.action,
      row.credential ?? '',
      row.actor?.email ?? '',
      row.target?.email ?? '',
      row.ip ?? '',
      row.userAgent ?? '',
      row.details.map((detail) => `${detail.name}=${detail.value}`).join('; '),
    ].map(cell),
  );
  return [COLUMNS.map(cell), ...lines].map((line) => line.join(',')).join('\r\n') + '\r\n';
}

/** Quoted always; what a spreadsheet would take for a formula becomes text. */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

export function saveFile(name: string, content: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
