import type { Submittable } from 'pg';

/** The fields of a row as PostgreSQL writes them, in the order in which the statement selects them. */
export type TextRow = readonly (string | null)[];

/** A list is one parameter: an array. */
export type Parameter = string | number | readonly (string | number)[];

/** What the driver lets a query do with its connection. `@types/pg` has that of an earlier one. */
interface DriverConnection {
  readonly stream: { cork(): void; uncork(): void };
  /** The texts of those that were parsed on it, by name. The driver adds to it. */
  readonly parsedStatements: Readonly<Record<string, string | undefined>>;
  parse(statement: { name: string; text: string }): void;
  bind(portal: { statement: string; values: string[] }): void;
  execute(portal: { portal: string; rows: number }): void;
  sync(): void;
}

/**
 * One run of a prepared statement by the extended query protocol
 * (https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY). The driver's own query asks each time what
 * the columns are, and makes an object of every row by that; whoever runs the same statement thousands of times a second
 * knows.
 */
export class PreparedQuery implements Submittable {
  /** Set by the driver. */
  callback: ((error: Error | null, rows?: TextRow[]) => void) | undefined = undefined;
  private readonly values: string[];
  private readonly rows: TextRow[] = [];

  constructor(
    readonly name: string,
    readonly text: string,
    parameters: readonly Parameter[],
  ) {
    this.values = parameters.map(parameterText);
  }

  submit(driver: unknown): void {
    const connection = driver as DriverConnection;
    connection.stream.cork();
    // Another text of that name is refused by the database.
    if (connection.parsedStatements[this.name] !== this.text) {
      connection.parse(this);
    }
    connection.bind({ statement: this.name, values: this.values });
    connection.execute({ portal: '', rows: 0 });
    connection.sync();
    connection.stream.uncork();
  }

  handleDataRow({ fields }: { fields: TextRow }): void {
    this.rows.push(fields);
  }

  handleCommandComplete(): void {
    // The rows are given away when the connection is free again.
  }

  handleReadyForQuery(): void {
    this.callback?.(null, this.rows);
  }

  handleError(error: Error): void {
    this.callback?.(error);
  }
}

function parameterText(parameter: Parameter): string {
  return Array.isArray(parameter) ? `{${parameter.map(elementText).join()}}` : String(parameter);
}

/** As an array literal wants it: https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO */
function elementText(element: string | number): string {
  if (typeof element === 'number') {
    return String(element);
  }
  const needsEscape = element.includes('\\') || element.includes('"');
  return `"${needsEscape ? element.replace(/["\\]/g, '\\$&') : element}"`;
}
