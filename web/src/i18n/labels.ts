/** Labels of an enum's values. One that no language knows yet is shown by its own name. */
export type Labels<Value extends string> = { [value in Value]?: string } & { [other: string]: string | undefined };
