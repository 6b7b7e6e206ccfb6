const NOBODY_DECIDED = /^(utils?|helpers?|common|managers?|misc|types)(\.|$)/;
const DESCRIBE = /^describe(\.|$)/;

/** Names like utils say where no one decided; folders of the path count as well. */
const fileName = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    Program(node) {
      const path = context.filename.slice(context.cwd.length).split(/[\\/]/);
      const bad = path.find((part) => NOBODY_DECIDED.test(part));
      if (bad === undefined) return;
      context.report({ node, message: `'${bad}' says where no one decided: name what is inside.` });
    },
  }),
};

/**
 * ESLint's max-lines-per-function, except that describe blocks do not count: they are as long as
 * the tests in them, and each of those is measured by itself.
 */
const functionLines = {
  meta: { type: 'suggestion', schema: [{ type: 'object', properties: { max: {} } }] },
  create(context) {
    const { max } = context.options[0];
    const open = [];
    const enter = () => open.push(0);
    const leave = (node) => {
      const described = open.pop();
      const isBlock = isDescribeBlock(node, context);
      const all = node.loc.end.line - node.loc.start.line + 1;
      if (open.length > 0) open[open.length - 1] += isBlock ? all : described;
      const own = all - described;
      if (own <= max || isBlock) return;
      context.report({ node, message: `This function has ${own} lines; at most ${max}.` });
    };
    return Object.fromEntries(
      ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].flatMap((kind) => [
        [kind, enter],
        [`${kind}:exit`, leave],
      ]),
    );
  },
};

function isDescribeBlock(node, context) {
  const call = node.parent;
  return call.type === 'CallExpression' && DESCRIBE.test(context.sourceCode.getText(call.callee));
}

/** Rules of this house that no published plug-in has. */
export const house = { rules: { 'file-name': fileName, 'function-lines': functionLines } };
