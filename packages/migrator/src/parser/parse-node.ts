/** One rule of the grammar, or one token (`rule` empty), and where it stands in the text. */
export interface ParseNode {
  /** Name of the grammar's rule, as `AlterByAddColumn`; empty for a token. */
  readonly rule: string;
  /** First character, from 0. */
  readonly start: number;
  /** One past the last character. */
  readonly end: number;
  readonly children: readonly ParseNode[];
}

/** The first node of `rule` at or below `node`, depth first. */
export function findNode(node: ParseNode, rule: string): ParseNode | undefined {
  if (node.rule === rule) return node;
  for (const child of node.children) {
    const found = findNode(child, rule);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All nodes of `rule` at or below `node`, in the order of the text. */
export function findNodes(node: ParseNode, rule: string): ParseNode[] {
  const below = node.children.flatMap((child) => findNodes(child, rule));
  return node.rule === rule ? [node, ...below] : below;
}

/** An identifier without its quotes. */
export function unquote(identifier: string): string {
  const quote = identifier[0];
  if (quote !== '`' && quote !== '"') return identifier;
  return identifier.slice(1, -1).replaceAll(quote + quote, quote);
}
