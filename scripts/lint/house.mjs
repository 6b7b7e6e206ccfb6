const NOBODY_DECIDED = /^(utils?|helpers?|common|managers?|misc|types)(\.|$)/;
const DESCRIBE = /^describe(\.|$)/;

/** Names like utils say where nobody decided; folders of the path count as well. */
const fileName = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    Program(node) {
      const path = context.filename.slice(context.cwd.length).split(/[\\/]/);
      const bad = path.find((part) => NOBODY_DECIDED.test(part));
      if (bad === undefined) return;
      context.report({ node, message: `'${bad}' says where nobody decided: name what is inside.` });
    },
  }),
};

/** ESLint's max-lines-per-function, except that a describe block may be as long as its tests. */
const functionLines = {
  meta: { type: 'suggestion', schema: [{ type: 'object', properties: { max: {} } }] },
  create(context) {
    const { max } = context.options[0];
    const check = (node) => {
      const lines = node.loc.end.line - node.loc.start.line + 1;
      if (lines <= max || isDescribeBlock(node, context)) return;
      context.report({ node, message: `This function has ${lines} lines; at most ${max}.` });
    };
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    };
  },
};

function isDescribeBlock(node, context) {
  const call = node.parent;
  return call.type === 'CallExpression' && DESCRIBE.test(context.sourceCode.getText(call.callee));
}

/** Rules of this house that no published plug-in has. */
export const house = { rules: { 'file-name': fileName, 'function-lines': functionLines } };
